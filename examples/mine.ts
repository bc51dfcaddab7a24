// n1 takes all writes and copies them to the other nodes. Every node answers reads from its own copy, which may be
// stale.
// biome-ignore lint/correctness/noUndeclaredDependencies: the program that reads this file offers it
import { type Completion, defineMachine, type Input, type ProtocolModule, type Turn } from 'chaosproxy'

type Value = Input['value']
interface Write {
  readonly key: string
  readonly value: Value
}
interface Mine {
  readonly state: { readonly id: string; readonly peers: readonly string[]; readonly values: Map<string, Value> }
  readonly message:
    | { readonly type: 'forward'; readonly requestId: string; readonly input: Input }
    | { readonly type: 'done'; readonly requestId: string; readonly result: Completion }
    | { readonly type: 'copy'; readonly write: Write }
  readonly record: Write
  readonly timer: never
}

function serve(turn: Turn<Mine>, { f, key = '', value }: Input): Completion {
  const { peers, values } = turn.state
  const current = values.get(key) ?? null
  if (f === 'read') return { type: 'ok', value: current }
  const [expected, next] = f === 'cas' ? (value as readonly Value[]) : [current, value]
  if (current !== expected || next === undefined) return { type: 'fail', error: 'mismatch' }
  const write = { key, value: next }
  apply(turn, write)
  turn.persist(write)
  for (const to of peers) turn.send(to, { type: 'copy', write })
  return { type: 'ok', value }
}

const apply = ({ state }: Turn<Mine>, { key, value }: Write): unknown => state.values.set(key, value)

const create = defineMachine<Mine>({
  initial: ({ id, peers }) => ({ id, peers, values: new Map() }),
  redo: apply,
  request(turn, { requestId, input }) {
    if (input.f === 'read' || turn.state.id === 'n1') turn.reply(requestId, serve(turn, input))
    else turn.send('n1', { type: 'forward', requestId, input })
  },
  messages: {
    forward: (turn, { requestId, input }, from) =>
      turn.send(from, { type: 'done', requestId, result: serve(turn, input) }),
    done: (turn, { requestId, result }) => turn.reply(requestId, result),
    copy: (turn, { write }) => apply(turn, write),
  },
  timers: {},
  status: ({ id }) => ({ role: id === 'n1' ? 'primary' : 'replica', leads: id === 'n1' }),
})

// biome-ignore lint/style/noDefaultExport: the program takes a file's default export
export default { name: 'mine', promises: 'linearizable', create } satisfies ProtocolModule
