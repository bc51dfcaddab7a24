import { type Json, millis } from '@chaos/history'
import type { AnyStoreMachine, Effect, StateMachine, StoreCommand, StoreResult } from '@chaos/protocols'

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
type Tiny = Effect<Write, StoreResult, Write>

/**
 * A store that sends every write to its peers and hopes. Some keys behave: `unavailable` and `unknown` answer so, `silent`
 * never answers, `later` answers from a timer.
 */
const machine: StateMachine<State, Write, StoreCommand, StoreResult, Write> = {
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
    } else serve(state, event.requestId, event.command, effects)
    return { state, effects }
  },
  status: (state) => ({ role: 'tiny', leads: true, term: state.received }),
}

function serve(state: State, requestId: string, command: StoreCommand, effects: Tiny[]): void {
  const reply = (result: StoreResult) => effects.push({ type: 'reply', requestId, result })
  const value = state.values.get(command.key) ?? null
  if (command.key === 'silent') return
  if (command.key === 'unavailable') reply({ type: 'fail', error: 'unavailable' })
  else if (command.key === 'unknown') reply({ type: 'info', error: 'who knows' })
  else if (command.key === 'session')
    reply({ type: 'ok', value: command.session === undefined ? null : { ...command.session } })
  else if (command.key === 'later') effects.push({ type: 'setTimer', timer: requestId, afterMs: millis(5) })
  else if (command.f === 'read') reply({ type: 'ok', value })
  else if (command.f === 'cas' && JSON.stringify(value) !== JSON.stringify(command.old))
    reply({ type: 'fail', error: 'mismatch' })
  else {
    const message = { key: command.key, value: command.f === 'write' ? command.value : command.new }
    write(state, message, effects)
    for (const to of state.peers) effects.push({ type: 'send', to, message })
    reply({ type: 'ok', value: message.value })
  }
}

function write(state: State, { key, value }: Write, effects: Tiny[]): void {
  state.values.set(key, value)
  effects.push({ type: 'persist', record: { key, value } })
}

export const tinyMachine: AnyStoreMachine = machine
