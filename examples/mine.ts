// n1 takes all writes and sends copies to the others; everybody answers reads from its own copy. What could go wrong?
// biome-ignore lint/correctness/noUndeclaredDependencies: types only, of the program that reads this file
import type { Completion, Effect, Input, ProtocolModule, StateMachine } from 'chaosproxy'

type Value = Input['value']
interface State {
  readonly id: string
  readonly peers: readonly string[]
  readonly values: Map<string, Value>
}
type Message =
  | { readonly type: 'forward'; readonly requestId: string; readonly input: Input }
  | { readonly type: 'done'; readonly requestId: string; readonly result: Completion }
  | { readonly type: 'copy'; readonly key: string; readonly value: Value }
interface Write {
  readonly key: string
  readonly value: Value
}
type Effects = Effect<Message, Write>[]

function serve({ peers, values }: State, input: Input, effects: Effects): Completion {
  const { f, key = '' } = input
  const current = values.get(key) ?? null
  if (f === 'read') return { type: 'ok', value: current }
  const [expected, next] = f === 'cas' ? (input.value as readonly Value[]) : [current, input.value]
  if (current !== expected || next === undefined) return { type: 'fail', error: 'mismatch' }
  values.set(key, next)
  effects.push({ type: 'persist', record: { key, value: next } })
  for (const to of peers) effects.push({ type: 'send', to, message: { type: 'copy', key, value: next } })
  return { type: 'ok', value: input.value }
}

const machine: StateMachine<State, Message, Write> = {
  start: ({ id, peers }, journal) => ({
    state: { id, peers, values: new Map(journal.map(({ key, value }) => [key, value])) },
    effects: [],
  }),
  step(state, event) {
    const effects: Effects = []
    if (event.type === 'request') {
      const { requestId, input } = event
      if (input.f === 'read' || state.id === 'n1')
        effects.push({ type: 'reply', requestId, result: serve(state, input, effects) })
      else effects.push({ type: 'send', to: 'n1', message: { type: 'forward', requestId, input } })
    } else if (event.type === 'message') {
      const { message, from } = event
      if (message.type === 'copy') state.values.set(message.key, message.value)
      else if (message.type === 'done')
        effects.push({ type: 'reply', requestId: message.requestId, result: message.result })
      else {
        const result = serve(state, message.input, effects)
        effects.push({ type: 'send', to: from, message: { type: 'done', requestId: message.requestId, result } })
      }
    }
    return { state, effects }
  },
  status: ({ id }) => ({ role: id === 'n1' ? 'primary' : 'replica', leads: id === 'n1' }),
}

// biome-ignore lint/style/noDefaultExport: the program takes a file's default export
export default { name: 'mine', promises: 'linearizable', create: () => machine } satisfies ProtocolModule
