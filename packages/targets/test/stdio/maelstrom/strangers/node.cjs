// A small library as courses hand it out: a handler for each type of message, requests that are promises, and a log of
// everything on standard error.

const readline = require('node:readline')

const RPC_TIMEOUT_MS = 1000

exports.id = undefined
exports.ids = []
const handlers = {}
const waiting = new Map()
let nextId = 0

const send = (dest, body) => {
  const message = { src: exports.id, dest, body }
  console.error('sent', JSON.stringify(message))
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
exports.send = send

exports.on = (type, handler) => {
  handlers[type] = handler
}

exports.reply = (request, body) => send(request.src, { ...body, in_reply_to: request.body.msg_id })

exports.rpc = (dest, body) => {
  const msg_id = nextId++
  return new Promise((resolve, reject) => {
    waiting.set(msg_id, { resolve, reject })
    setTimeout(() => {
      if (waiting.delete(msg_id)) reject({ code: 0, text: 'timed out' })
    }, RPC_TIMEOUT_MS)
    send(dest, { ...body, msg_id })
  })
}

exports.retry = async (dest, body) => {
  for (;;) {
    try {
      return await exports.rpc(dest, body)
    } catch {
      console.error('trying again', dest, body)
    }
  }
}

const answered = (body) => {
  const call = waiting.get(body.in_reply_to)
  if (call === undefined) return
  waiting.delete(body.in_reply_to)
  if (body.type === 'error') call.reject(body)
  else call.resolve(body)
}

const handle = async (message) => {
  const { body } = message
  if (body.in_reply_to !== undefined) return answered(body)
  try {
    if (body.type === 'init') {
      exports.id = body.node_id
      exports.ids = body.node_ids
      await handlers.init?.(message)
      return exports.reply(message, { type: 'init_ok' })
    }
    const handler = handlers[body.type]
    if (handler === undefined) throw { code: 10, text: `${body.type} is not supported` }
    await handler(message)
  } catch (error) {
    if (body.msg_id !== undefined)
      exports.reply(message, { type: 'error', code: error.code ?? 13, text: error.text ?? String(error) })
  }
}

exports.main = () => {
  readline.createInterface({ input: process.stdin }).on('line', (line) => handle(JSON.parse(line)))
}
