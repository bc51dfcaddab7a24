// n1 takes all writes and sends copies to the others; everybody answers reads from its own copy. What could go wrong?
// biome-ignore lint/correctness/noUndeclaredDependencies: types only, of the program that reads this file
import type { Effect, ProtocolModule, StateMachine, StoreCommand, StoreResult } from 'chaos'

type Value = string | number | boolean | null
interface State {
  readonly id: string
  readonly peers: readonly string[]
  readonly values: Map<string, Value>
}
type Message =
  | { readonly type: 'forward'; readonly requestId: string; readonly command: StoreCommand }
  | { readonly type: 'done'; readonly requestId: string; readonly result: StoreResult }
  | { readonly type: 'copy'; readonly key: string; readonly value: Value }
interface Write {
  readonly key: string
  readonly value: Value
}
type Effects = Effect<Message, StoreResult, Write>[]

function serve(state: State, command: StoreCommand, effects: Effects): StoreResult {
  if (command.f === 'read') return { type: 'ok', value: state.values.get(command.key) ?? null }
  const current = state.values.get(command.key) ?? null
  if (command.f === 'cas' && current !== command.old) return { type: 'fail', error: 'mismatch' }
  const value = (command.f === 'cas' ? command.new : command.value) as Value
  state.values.set(command.key, value)
  effects.push({ type: 'persist', record: { key: command.key, value } })
  for (const to of state.peers) effects.push({ type: 'send', to, message: { type: 'copy', key: command.key, value } })
  return { type: 'ok', value }
}

const machine: StateMachine<State, Message, StoreCommand, StoreResult, Write> = {
  start: ({ id, peers }, journal) => ({
    state: { id, peers, values: new Map(journal.map(({ key, value }) => [key, value])) },
    effects: [],
  }),
  step(state, event) {
    const effects: Effects = []
    if (event.type === 'request') {
      const { requestId, command } = event
      if (command.f === 'read' || state.id === 'n1')
        effects.push({ type: 'reply', requestId, result: serve(state, command, effects) })
      else effects.push({ type: 'send', to: 'n1', message: { type: 'forward', requestId, command } })
    } else if (event.type === 'message') {
      const { message, from } = event
      if (message.type === 'copy') state.values.set(message.key, message.value)
      else if (message.type === 'done')
        effects.push({ type: 'reply', requestId: message.requestId, result: message.result })
      else {
        const result = serve(state, message.command, effects)
        effects.push({ type: 'send', to: from, message: { type: 'done', requestId: message.requestId, result } })
      }
    }
    return { state, effects }
  },
  status: ({ id }) => ({ role: id === 'n1' ? 'primary' : 'replica', leads: id === 'n1' }),
}

// biome-ignore lint/style/noDefaultExport: the program takes a file's default export
export default { name: 'mine', promises: 'linearizable', create: () => machine } satisfies ProtocolModule
