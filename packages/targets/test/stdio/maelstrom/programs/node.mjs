import { createInterface } from 'node:readline'

// The part of Maelstrom's protocol that all these programs need: replies, and requests to other nodes and services.

let [id, peers, asked] = ['', [], 0]
const waiting = new Map()

const print = (dest, body) => console.log(JSON.stringify({ src: id, dest, body }))

export const self = () => id
export const others = () => peers
export const send = (dest, body) => print(dest, body)

/** Resolves with the reply, or with undefined if none arrives in time. */
export function request(dest, body, ms = 1000) {
  const msg_id = ++asked
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(undefined), ms)
    const done = (reply) => {
      clearTimeout(timer)
      waiting.delete(msg_id)
      resolve(reply)
    }
    waiting.set(msg_id, done)
    print(dest, { ...body, msg_id })
  })
}

export const error = (code, text) => ({ type: 'error', code, text })

/** Serves requests: each handler returns the body of the reply, or undefined for none. */
export function serve(handlers) {
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const { src, body } = JSON.parse(line)
    if (body.in_reply_to !== undefined) return waiting.get(body.in_reply_to)?.(body)
    const reply = (answer) => print(src, { ...answer, in_reply_to: body.msg_id })
    if (body.type === 'init') {
      id = body.node_id
      peers = body.node_ids.filter((node) => node !== id)
      handlers.started?.()
      return reply({ type: 'init_ok' })
    }
    const answer = await handlers[body.type]?.(body, src)
    if (answer === undefined) return
    reply(answer)
    if (answer.again !== undefined) reply(answer)
  })
}
