#!/usr/bin/env node
const node = require('./node.cjs')

// A totally available store of registers: each node applies transactions to its copy at once and sends the writes to the
// others until they are acknowledged; the last one wins. So it is read committed. Wrong: a transaction's steps take effect
// one by one, and half of the transactions are aborted at the end.

const wrong = process.argv.includes('wrong')
const copy = new Map()
let clock = 0

const put = (key, value, stamp) => {
  clock = Math.max(clock, stamp[0])
  const held = copy.get(key)?.stamp ?? [-1, '']
  if (stamp[0] > held[0] || (stamp[0] === held[0] && stamp[1] > held[1])) copy.set(key, { value, stamp })
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 5))

const spread = (writes) => {
  for (const dest of node.ids) if (dest !== node.id) node.retry(dest, { type: 'replicate', writes })
}

node.on('replicate', (request) => {
  for (const [key, value, stamp] of request.body.writes) put(key, value, stamp)
  node.reply(request, { type: 'replicate_ok' })
})

node.on('txn', async (request) => {
  const stamp = [++clock, node.id]
  const own = new Map()
  const done = []
  for (const [f, key, value] of request.body.txn) {
    if (f === 'r') done.push([f, key, own.get(key) ?? copy.get(key)?.value ?? null])
    else {
      own.set(key, value)
      done.push([f, key, value])
      if (!wrong) continue
      put(key, value, [++clock, node.id])
      await pause()
    }
  }
  if (wrong && Math.random() < 0.5) throw { code: 14, text: 'aborted' }
  const writes = [...own].map(([key, value]) => [key, value, wrong ? [++clock, node.id] : stamp])
  for (const [key, value, at] of writes) put(key, value, at)
  spread(writes)
  node.reply(request, { type: 'txn_ok', txn: done })
})

node.main()
