import type { Completion, Input, Json } from '@chaosproxy/history'
import { millis } from '@chaosproxy/history'
import type { Effect, ProtocolDefinition, StateMachine } from '@chaosproxy/protocols'

// The first node keeps the values. The other nodes pass requests on to it, repeatedly until it answers. For a moment
// after a start, the first node refuses all requests. The protocol's bugs show only if the first node dies between its
// write to the disk and its answer, or just before another node retries.

const AGAIN_MS = 120
const WARM_UP_MS = 45

type Message =
  | { readonly type: 'do'; readonly id: string; readonly input: Input }
  | { readonly type: 'done'; readonly id: string; readonly result: Completion }
  | { readonly type: 'not-yet'; readonly id: string }

interface Record {
  readonly id: string
  readonly key: string
  readonly value: Json
  readonly result: Completion
}

interface State {
  readonly id: string
  readonly keeper: string
  readonly values: Map<string, Json>
  /** By request: the answer. */
  readonly done: Map<string, Completion>
  readonly waiting: Map<string, { readonly input: Input; attempts: number }>
  isWarm: boolean
}

type Effects = Effect<Message, Record>[]

const REFUSED: Completion = { type: 'fail', error: 'the keeper is starting' }
const UNKNOWN: Completion = { type: 'info', error: 'handed over before, without an answer' }

function machineOf(bug: string | undefined): StateMachine<State, Message, Record> {
  function carryOut(state: State, id: string, { f, key = '', value }: Input, effects: Effects): Completion {
    const before = state.done.get(id)
    if (before !== undefined) return before
    const held = state.values.get(key) ?? null
    if (f === 'read') return { type: 'ok', value: held }
    const [expected, next] = f === 'cas' ? (value as [Json, Json]) : [held, value]
    const matches = held === expected
    const after = matches ? next : held
    // The result is kept even for a mismatch, because the request may be repeated while its first answer is in transit.
    const result: Completion = matches ? { type: 'ok', value: next } : { type: 'fail', error: 'mismatch' }
    state.values.set(key, after)
    state.done.set(id, result)
    // The bug: the answer is not kept, so a request repeated after a restart is carried out again.
    effects.push({ type: 'persist', record: { id: bug === 'forget-answers' ? '' : id, key, value: after, result } })
    return result
  }

  function finish(state: State, id: string, result: Completion, effects: Effects): void {
    if (state.waiting.delete(id)) effects.push({ type: 'reply', requestId: id, result })
  }

  function handOver(state: State, id: string, effects: Effects): void {
    const request = state.waiting.get(id)
    if (request === undefined) return
    request.attempts++
    if (state.id !== state.keeper) {
      effects.push({ type: 'send', to: state.keeper, message: { type: 'do', id, input: request.input } })
      effects.push({ type: 'setTimer', timer: `again ${id}`, afterMs: millis(AGAIN_MS) })
    } else if (state.isWarm) finish(state, id, carryOut(state, id, request.input, effects), effects)
    else finish(state, id, REFUSED, effects)
  }

  return {
    start({ id, peers }, journal) {
      const [keeper = id] = [id, ...peers].sort()
      const state: State = { id, keeper, values: new Map(), done: new Map(), waiting: new Map(), isWarm: false }
      for (const { id: request, key, value, result } of journal) {
        state.values.set(key, value)
        state.done.set(request, result)
      }
      return { state, effects: [{ type: 'setTimer', timer: 'warm', afterMs: millis(WARM_UP_MS) }] }
    },
    step(state, event) {
      const effects: Effects = []
      if (event.type === 'request') {
        state.waiting.set(event.requestId, { input: event.input, attempts: 0 })
        handOver(state, event.requestId, effects)
      } else if (event.type === 'timer') {
        if (event.timer === 'warm') state.isWarm = true
        else handOver(state, event.timer.slice('again '.length), effects)
      } else {
        const { from, message } = event
        if (message.type === 'do') {
          const answer: Message = state.isWarm
            ? { type: 'done', id: message.id, result: carryOut(state, message.id, message.input, effects) }
            : { type: 'not-yet', id: message.id }
          effects.push({ type: 'send', to: from, message: answer })
        } else if (message.type === 'done') finish(state, message.id, message.result, effects)
        else {
          // The bug: the refusal of a later attempt counts as certain, although an earlier attempt may have taken
          // effect.
          const isCertain = bug === 'forward-refusal' || state.waiting.get(message.id)?.attempts === 1
          finish(state, message.id, isCertain ? REFUSED : UNKNOWN, effects)
        }
      }
      return { state, effects }
    },
    status: ({ id, keeper, isWarm }) => ({ role: id === keeper ? 'keeper' : 'relay', leads: id === keeper && isWarm }),
  }
}

export const relay: ProtocolDefinition = {
  name: 'relay',
  summary: 'one node keeps the values, the others hand requests over',
  defaultNodes: 3,
  objects: ['register'],
  functions: ['read', 'write', 'cas'],
  promises: () => 'linearizable',
  // If the keeper refuses a request, the client is told that the request has no effect. With duplicates, a copy of the
  // message may still take effect later.
  notUnder: ['duplicate-message'],
  settings: [],
  bugs: [
    { name: 'forward-refusal', summary: 'a refusal of a later attempt is told as if there had been no earlier one' },
    { name: 'forget-answers', summary: 'a restart forgets which requests were carried out' },
  ],
  create: ({ bug }) => machineOf(bug),
}
