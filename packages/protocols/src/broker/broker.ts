import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { remember } from '../memory.ts'
import { entryOf, isRead, ok, UNKEYED, unavailable, unsupported } from '../objects/object.ts'
import { takeTicket } from '../routing/forwarding.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import type { Handlers } from '../turn.ts'
import type { Broker, BrokerRecord, BrokerTurn, Entry } from './state.ts'
import { backlog, isPushed, owe, push } from './topics.ts'

// Handles a request at the broker. A delivered message stays in its queue, invisible, until it is settled or its
// visibility timeout ends (Amazon SQS Developer Guide, "Visibility timeout" and "FIFO queue delivery logic").

export const brokerMessages: Handlers<Broker, 'do' | 'fetch' | 'settle'> = {
  do(turn, message, from) {
    const { state, config } = turn
    const { request, command, ticket, key } = message
    if (!takeTicket(state.receiving, from, ticket)) return
    const known = key === undefined ? undefined : state.keys.get(key)
    if (known === undefined && mustWait(turn, command)) return
    if (backlog(state) >= REQUEST_LIMIT) {
      turn.send(from, { type: 'did', request, result: unavailable })
      return
    }
    const result = known ?? carryOut(turn, command)
    // The results of changes are remembered, even refusals: a repetition of a refused request must not succeed later.
    const isChange = known === undefined && !isRead(config, command)
    if (isChange && key !== undefined) remember(state.keys, key, result)
    const record: BrokerRecord = { kind: 'did', from, ticket, command, ...(key === undefined ? {} : { key }) }
    const isEarly = isChange && config.bug === 'ack-before-persist'
    if (isChange && !isEarly) turn.persist(record)
    turn.send(from, { type: 'did', request, result })
    if (isEarly) {
      // The bug: the broker confirms a message before it is durable.
      turn.mark()
      turn.persist(record)
    }
    if (isChange && isPushed(config)) {
      owe(turn, command, result)
      push(turn)
    }
  },
  fetch(turn, { request, queue, ticket }, from) {
    const { state, config, steady } = turn
    if (!takeTicket(state.receiving, from, ticket)) return
    const entries = state.queues.get(queue) ?? []
    makeVisible(turn, entries)
    const own = entries.find(({ lease }) => lease?.request === request)
    const first = entries.find(({ lease }) => lease === undefined)
    const isHeldUp = entries.length > 0 && (first === undefined || (config.ordered && first !== entries[0]))
    // The bug: the queue counts as empty while its messages are invisible.
    const seemsEmpty = own === undefined && isHeldUp && turn.suffers('empty-while-in-flight')
    if (own === undefined && isHeldUp && !seemsEmpty) return
    const entry = own ?? (seemsEmpty ? undefined : first)
    if (entry === undefined) turn.send(from, { type: 'fetched', request, value: null, receipt: undefined })
    else if (config.delivery === 'at-most-once') {
      take(turn, queue, entry)
      turn.send(from, { type: 'fetched', request, value: entry.value, receipt: undefined })
    } else {
      const receipt = own?.lease?.receipt ?? `${state.life}-${++state.handedOut}`
      const lease = { receipt, request, until: steady + config.visibilityMs }
      entries[entries.indexOf(entry)] = { ...entry, lease }
      turn.send(from, { type: 'fetched', request, value: entry.value, receipt })
    }
  },
  settle(turn, { request, queue, receipt }, from) {
    const { state, config } = turn
    const entry = state.queues.get(queue)?.find(({ lease }) => lease?.receipt === receipt)
    if (entry !== undefined) take(turn, queue, entry, receipt)
    // The gateway repeats the request until it is answered, so the message may already be settled.
    const isDone = state.receipts.has(receipt)
    // The bug: a consumer can settle a message that another consumer now holds.
    const isLate = !isDone && turn.suffers('settle-late')
    if (isLate && config.delivery === 'exactly-once')
      state.twice = `${receipt} settles a message that another consumer now holds`
    turn.send(from, { type: 'settled', request, receipt, accepted: isDone || isLate })
  },
}

/** Whether a drain of a queue must wait, because a delivered message may become visible in the queue again. */
function mustWait({ state, config, steady }: BrokerTurn, { input }: Command): boolean {
  if (config.delivery !== 'exactly-once' || config.object.name !== 'queue' || input.f !== 'drain') return false
  return (
    state.queues.get(input.key ?? UNKEYED)?.some(({ lease }) => lease !== undefined && steady < lease.until) ?? false
  )
}

/** Applies a command. Deterministic, because it is repeated after a restart. */
export function carryOut({ state, config }: Pick<BrokerTurn, 'state' | 'config'>, { input }: Command): Completion {
  const { f, key = UNKEYED, value } = input
  if (config.object.name !== 'queue') return config.object.apply(state.held, input)
  const entries = entryOf(state.queues, key, (): Entry[] => [])
  if (f === 'drain') return ok(entries.splice(0).map((entry) => entry.value))
  // A dequeue of an empty queue answers null, so null cannot be a message.
  if (f !== 'enqueue' || value === null) return unsupported
  state.produced++
  entries.push({ number: state.produced, value })
  return ok(value)
}

/** Makes messages visible again that were delivered too long ago. */
function makeVisible(turn: BrokerTurn, entries: Entry[]): void {
  const { steady } = turn
  for (const [at, entry] of [...entries.entries()].reverse()) {
    const { number, value, lease } = entry
    if (lease === undefined || steady < lease.until) continue
    if (entries.length > 1 && turn.suffers('redeliver-at-the-end')) {
      // The bug: the message moves to the end of the queue.
      entries.splice(at, 1)
      entries.push({ number, value })
    } else entries[at] = { number, value }
  }
}

function take(turn: BrokerTurn, queue: string, { number }: Entry, receipt?: string): void {
  const record: BrokerRecord = { kind: 'taken', queue, number, ...(receipt === undefined ? {} : { receipt }) }
  noteTaken(turn, record)
  turn.persist(record)
}

export function noteTaken(
  { state }: Pick<BrokerTurn, 'state'>,
  record: Extract<BrokerRecord, { readonly kind: 'taken' }>,
): void {
  const { queue, number, receipt } = record
  const entries = state.queues.get(queue) ?? []
  const at = entries.findIndex((entry) => entry.number === number)
  if (at !== -1) entries.splice(at, 1)
  if (receipt !== undefined) remember(state.receipts, receipt, number)
}
