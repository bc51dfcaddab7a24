#!/usr/bin/env node
const node = require('./node.cjs')

// A counter in seq-kv, changed by compare-and-set until it succeeds. A write of a fresh value before a read makes it recent.
// Wrong: the sum is read and then written.

const wrong = process.argv.includes('wrong')
const KEY = 'counter'
let reads = 0

const ask = (body) => node.rpc('seq-kv', body)

const current = () =>
  ask({ type: 'read', key: KEY }).then(
    ({ value }) => value,
    (error) => {
      if (error.code === 20) return 0
      throw error
    },
  )

node.on('add', async (request) => {
  const { delta } = request.body
  for (;;) {
    const from = await current()
    try {
      if (wrong) await ask({ type: 'write', key: KEY, value: from + delta })
      else await ask({ type: 'cas', key: KEY, from, to: from + delta, create_if_not_exists: true })
      return node.reply(request, { type: 'add_ok' })
    } catch (error) {
      if (error.code !== 22) throw error
    }
  }
})

node.on('read', async (request) => {
  await ask({ type: 'write', key: `fresh-${node.id}`, value: reads++ })
  node.reply(request, { type: 'read_ok', value: await current() })
})

node.main()
