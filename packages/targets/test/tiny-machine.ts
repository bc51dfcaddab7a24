import { type Completion, type Json, millis } from '@chaosproxy/history'
import type { AnyMachine, Command, Effect, StateMachine } from '@chaosproxy/protocols'

interface Write {
  readonly key: string
  readonly value: Json
}
interface State {
  readonly values: Map<string, Json>
  readonly peers: readonly string[]
  readonly held: Map<string, string>
  received: number
}
type Tiny = Effect<Write, Write>

/**
 * A store that sends every write to its peers, without confirmation. Some keys have a fixed outcome: `unavailable`
 * always fails, the outcome of `unknown` is unknown, `silent` is never answered, and `later` is answered by a timer.
 */
const machine: StateMachine<State, Write, Write> = {
  start(node, journal) {
    const values = new Map(journal.map(({ key, value }) => [key, value]))
    return { state: { values, peers: node.peers, held: new Map(), received: 0 }, effects: [] }
  },
  step(state, event) {
    const effects: Tiny[] = []
    if (event.type === 'message') {
      state.received++
      write(state, event.message, effects)
    } else if (event.type === 'timer') {
      effects.push({ type: 'reply', requestId: event.timer, result: { type: 'ok', value: 'at last' } })
    } else serve(state, event.requestId, event, effects)
    return { state, effects }
  },
  status: (state) => ({ role: 'tiny', leads: true, term: state.received }),
}

function serve(state: State, requestId: string, { input, session }: Command, effects: Tiny[]): void {
  const { f, key = '' } = input
  const reply = (result: Completion) => effects.push({ type: 'reply', requestId, result })
  const value = state.values.get(key) ?? null
  if (key === 'silent') return
  if (key === 'unavailable') reply({ type: 'fail', error: 'unavailable' })
  else if (key === 'tokenless') reply({ type: 'fail', error: 'mismatch with the token of this term' })
  else if (key === 'unknown') reply({ type: 'info', error: 'who knows' })
  else if (key === 'session') reply({ type: 'ok', value: session === undefined ? null : { ...session } })
  else if (key === 'later') effects.push({ type: 'setTimer', timer: requestId, afterMs: millis(5) })
  else if (f === 'read') reply({ type: 'ok', value })
  else if (f === 'echo') reply({ type: 'ok', value: { ...input } })
  else {
    const [expected, next] = f === 'cas' ? (input.value as readonly Json[]) : [value, input.value]
    if (next === undefined || JSON.stringify(value) !== JSON.stringify(expected)) {
      reply({ type: 'fail', error: 'mismatch', answered: true })
      return
    }
    const message = { key, value: next }
    write(state, message, effects)
    for (const to of state.peers) effects.push({ type: 'send', to, message })
    reply({ type: 'ok', value: next })
  }
}

function write(state: State, { key, value }: Write, effects: Tiny[]): void {
  state.values.set(key, value)
  effects.push({ type: 'persist', record: { key, value } })
}

export const tinyMachine: AnyMachine = machine
