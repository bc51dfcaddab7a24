import { error, request, serve } from './node.mjs'

// The whole database is the value of one key in lin-kv. A transaction replaces this value by a cas or, with `wrong`, by
// a plain write.

const wrong = process.argv[2] === 'wrong'

async function txn({ txn }) {
  const read = await request('lin-kv', { type: 'read', key: 'db' })
  if (read === undefined) return error(0, 'timeout')
  const before = read.type === 'error' ? null : read.value
  const db = structuredClone(before ?? {})
  const done = txn.map(([f, key, value]) => {
    if (f === 'r') return [f, key, structuredClone(db[key] ?? null)]
    db[key] = f === 'append' ? [...(db[key] ?? []), value] : value
    return [f, key, value]
  })
  const put = wrong
    ? { type: 'write', key: 'db', value: db }
    : { type: 'cas', key: 'db', from: before, to: db, create_if_not_exists: true }
  const reply = await request('lin-kv', put)
  if (reply === undefined) return error(0, 'timeout')
  return reply.type === 'error' ? error(30, 'conflict') : { type: 'txn_ok', txn: done }
}

serve({ txn })
