import { error, request, serve } from './node.mjs'

// Passes requests on to Maelstrom's service `lin-kv`. With the argument `wrong`, reads return the value that this node
// last read or wrote, if there is one.

const wrong = process.argv[2] === 'wrong'
const seen = new Map()

const asked = (type) => async (body) => {
  const reply = await request('lin-kv', { ...body, type, msg_id: undefined })
  if (reply === undefined) return error(0, 'timeout')
  if (type !== 'cas' && reply.type !== 'error') seen.set(body.key, type === 'read' ? reply.value : body.value)
  const { in_reply_to, msg_id, ...rest } = reply
  return rest
}

serve({
  read: (body) => (wrong && seen.has(body.key) ? { type: 'read_ok', value: seen.get(body.key) } : asked('read')(body)),
  write: asked('write'),
  cas: asked('cas'),
})
