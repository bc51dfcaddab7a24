import { error, request, serve } from './node.mjs'

// Stores partitions in lin-kv, with a slot for each message; offsets have gaps. With `wrong`, a slot is first read and
// then written, so two nodes may take the same slot. With `silent`, no poll returns a message.

const wrong = process.argv[2] === 'wrong'
const silent = process.argv[2] === 'silent'
const GAP = 10
const BATCH = 5
/** By partition: the number of a slot at which the search for the first free slot begins. */
const hints = new Map()

const ask = (body) => request('lin-kv', body)
const slot = (key, n) => `${key}/${n}`

async function taken(key, n, msg) {
  if (!wrong) {
    const reply = await ask({ type: 'cas', key: slot(key, n), from: null, to: msg, create_if_not_exists: true })
    return reply === undefined ? undefined : reply.type === 'cas_ok'
  }
  const found = await ask({ type: 'read', key: slot(key, n) })
  if (found?.type === 'read_ok') return false
  return (await ask({ type: 'write', key: slot(key, n), value: msg })) && true
}

serve({
  async send({ key, msg }) {
    for (let n = hints.get(key) ?? 0; ; n++) {
      const done = await taken(key, n, msg)
      if (done === undefined) return error(0, 'timeout')
      hints.set(key, n)
      if (done) return { type: 'send_ok', offset: n * GAP }
    }
  },
  async poll({ offsets }) {
    const msgs = {}
    if (silent) return { type: 'poll_ok', msgs }
    for (const [key, from] of Object.entries(offsets)) {
      msgs[key] = []
      for (let n = Math.ceil(from / GAP); msgs[key].length < BATCH; n++) {
        const found = await ask({ type: 'read', key: slot(key, n) })
        if (found?.type !== 'read_ok') break
        msgs[key].push([n * GAP, found.value])
      }
    }
    return { type: 'poll_ok', msgs }
  },
  async commit_offsets({ offsets }) {
    for (const [key, offset] of Object.entries(offsets))
      await ask({ type: 'write', key: `committed/${key}`, value: offset })
    return { type: 'commit_offsets_ok' }
  },
  async list_committed_offsets({ keys }) {
    const offsets = {}
    for (const key of keys) {
      const found = await ask({ type: 'read', key: `committed/${key}` })
      if (found?.type === 'read_ok') offsets[key] = found.value
    }
    return { type: 'list_committed_offsets_ok', offsets }
  },
})
