#!/usr/bin/env node
const node = require('./node.cjs')

// The whole database is one value in lin-kv, replaced by compare-and-set; a transaction that loses the race is aborted.
// Wrong: it is in lww-kv, which loses updates.

const service = process.argv.includes('wrong') ? 'lww-kv' : 'lin-kv'

const apply = (state, txn) => {
  const next = { ...state }
  const done = txn.map(([f, key, value]) => {
    if (f === 'r') return [f, key, next[key] ?? null]
    next[key] = [...(next[key] ?? []), value]
    return [f, key, value]
  })
  return { next, done }
}

node.on('txn', async (request) => {
  const { txn } = request.body
  const from = await node.rpc(service, { type: 'read', key: 'root' }).then(
    ({ value }) => value,
    (error) => {
      if (error.code === 20) return {}
      throw error
    },
  )
  const { next, done } = apply(from, txn)
  if (txn.some(([f]) => f !== 'r'))
    try {
      await node.rpc(service, { type: 'cas', key: 'root', from, to: next, create_if_not_exists: true })
    } catch (error) {
      if (error.code === 22) throw { code: 30, text: 'another transaction was first' }
      throw error
    }
  node.reply(request, { type: 'txn_ok', txn: done })
})

node.main()
