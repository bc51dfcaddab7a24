#!/usr/bin/env node
const node = require('./node.cjs')

// Each log is one list in lin-kv, extended by compare-and-set. Wrong: offsets are the node's own.

const wrong = process.argv.includes('wrong')
const own = new Map()

const readOr = async (key, absent) => {
  try {
    return (await node.rpc('lin-kv', { type: 'read', key })).value
  } catch (error) {
    if (error.code === 20) return absent
    throw error
  }
}

const change = async (key, absent, next) => {
  for (;;) {
    const from = await readOr(key, absent)
    try {
      await node.rpc('lin-kv', { type: 'cas', key, from, to: next(from), create_if_not_exists: true })
      return from
    } catch (error) {
      if (error.code !== 22) throw error
    }
  }
}

node.on('send', async (request) => {
  const { key, msg } = request.body
  const before = await change(`log-${key}`, [], (list) => [...list, msg])
  const offset = wrong ? (own.get(key) ?? 0) : before.length
  own.set(key, offset + 1)
  node.reply(request, { type: 'send_ok', offset })
})

node.on('poll', async (request) => {
  const msgs = {}
  for (const [key, from] of Object.entries(request.body.offsets)) {
    const list = await readOr(`log-${key}`, [])
    msgs[key] = list.slice(from, from + 10).map((msg, n) => [from + n, msg])
  }
  node.reply(request, { type: 'poll_ok', msgs })
})

node.on('commit_offsets', async (request) => {
  for (const [key, offset] of Object.entries(request.body.offsets))
    await change(`committed-${key}`, 0, (held) => Math.max(held, offset))
  node.reply(request, { type: 'commit_offsets_ok' })
})

node.on('list_committed_offsets', async (request) => {
  const offsets = {}
  for (const key of request.body.keys) offsets[key] = await readOr(`committed-${key}`, 0)
  node.reply(request, { type: 'list_committed_offsets_ok', offsets })
})

node.main()
