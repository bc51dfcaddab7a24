#!/usr/bin/env node
const node = require('./node.cjs')

// The first node keeps all logs in memory, and the others ask it. Right until it is killed: then acknowledged messages are
// lost, and their offsets are given out again.

const logs = new Map()
const committed = {}

const answers = {
  send({ key, msg }) {
    const log = logs.get(key) ?? []
    logs.set(key, log)
    return { offset: log.push(msg) - 1 }
  },
  poll({ offsets }) {
    const page = ([key, from]) => [key, (logs.get(key) ?? []).slice(from).map((msg, n) => [from + n, msg])]
    return { msgs: Object.fromEntries(Object.entries(offsets).map(page)) }
  },
  commit_offsets({ offsets }) {
    for (const [key, offset] of Object.entries(offsets)) committed[key] = Math.max(offset, committed[key] ?? 0)
    return {}
  },
  list_committed_offsets: () => ({ offsets: committed }),
}

for (const [type, answer] of Object.entries(answers))
  node.on(type, async (request) => {
    const { in_reply_to, ...body } =
      node.id === node.ids[0]
        ? { type: `${type}_ok`, ...answer(request.body) }
        : await node.rpc(node.ids[0], request.body)
    node.reply(request, body)
  })

node.main()
