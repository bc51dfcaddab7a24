import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import { entryOf, ok, UNKEYED, unavailable, unsupported } from '../objects/object.ts'
import { takeTicket } from '../routing/forwarding.ts'
import { REQUEST_LIMIT } from '../routing/routing.ts'
import { type BrokerRecord, type Entry, type Message, mark, persist, remember, send, type Turn } from './state.ts'
import { backlog, isPushed, owe, push } from './topics.ts'

// The broker: one node with a disk. A message that was handed out stays in its queue, invisible, until it is settled or its
// time is up, and keeps its place (Amazon SQS Developer Guide, "Visibility timeout" and "FIFO queue delivery logic").

export function handleDo(turn: Turn, from: NodeId, message: Message<'do'>): void {
  const { state, config } = turn
  const { request, command, ticket, key } = message
  if (!takeTicket(state.receiving, from, ticket)) return
  const known = key === undefined ? undefined : state.keys.get(key)
  if (known === undefined && mustWait(turn, command)) return
  if (backlog(state) >= REQUEST_LIMIT) {
    send(turn, from, { type: 'did', request, result: unavailable })
    return
  }
  const result = known ?? carryOut(turn, command)
  // A refusal is remembered as well: the repetition of what was refused must not succeed later.
  const isChange = known === undefined && !config.object.reads.includes(command.input.f)
  if (isChange && key !== undefined) remember(state.keys, key, result)
  const record: BrokerRecord = { kind: 'did', from, ticket, command, ...(key === undefined ? {} : { key }) }
  const isEarly = isChange && config.bug === 'ack-before-persist'
  if (isChange && !isEarly) persist(turn, record)
  send(turn, from, { type: 'did', request, result })
  if (isEarly) {
    // The mistake: the producer hears that its message is safe before it is.
    mark(turn)
    persist(turn, record)
  }
  if (isChange && isPushed(config)) {
    owe(turn, command, result)
    push(turn)
  }
}

/** What is handed out may yet come back, so that nobody knows what is left to drain. */
function mustWait({ state, config, steady }: Turn, { input }: Command): boolean {
  if (config.delivery !== 'exactly-once' || config.object.name !== 'queue' || input.f !== 'drain') return false
  return (
    state.queues.get(input.key ?? UNKEYED)?.some(({ lease }) => lease !== undefined && steady < lease.until) ?? false
  )
}

/** Deterministic: done again after a restart. */
export function carryOut({ state, config }: Pick<Turn, 'state' | 'config'>, { input }: Command): Completion {
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

export function handleFetch(turn: Turn, from: NodeId, { request, queue, ticket }: Message<'fetch'>): void {
  const { state, config, steady } = turn
  if (!takeTicket(state.receiving, from, ticket)) return
  const entries = state.queues.get(queue) ?? []
  makeVisible(turn, entries)
  const own = entries.find(({ lease }) => lease?.request === request)
  const first = entries.find(({ lease }) => lease === undefined)
  const isHeldUp = entries.length > 0 && (first === undefined || (config.ordered && first !== entries[0]))
  // The mistake: what is invisible is taken for gone.
  const seemsEmpty = own === undefined && isHeldUp && config.bug === 'empty-while-in-flight'
  if (seemsEmpty) mark(turn)
  // No answer: the gateway asks again.
  else if (own === undefined && isHeldUp) return
  const entry = own ?? (seemsEmpty ? undefined : first)
  if (entry === undefined) send(turn, from, { type: 'fetched', request, value: null, receipt: undefined })
  else if (config.delivery === 'at-most-once') {
    take(turn, queue, entry)
    send(turn, from, { type: 'fetched', request, value: entry.value, receipt: undefined })
  } else {
    const receipt = own?.lease?.receipt ?? `${state.life}-${++state.handedOut}`
    const lease = { receipt, request, until: steady + config.visibilityMs }
    entries[entries.indexOf(entry)] = { ...entry, lease }
    send(turn, from, { type: 'fetched', request, value: entry.value, receipt })
  }
}

/** What was handed out for too long is visible again, in its place. */
function makeVisible(turn: Turn, entries: Entry[]): void {
  const { config, steady } = turn
  for (const [at, entry] of [...entries.entries()].reverse()) {
    const { number, value, lease } = entry
    if (lease === undefined || steady < lease.until) continue
    if (config.bug === 'redeliver-at-the-end' && entries.length > 1) {
      // The mistake: it is put back like a new message.
      mark(turn)
      entries.splice(at, 1)
      entries.push({ number, value })
    } else entries[at] = { number, value }
  }
}

function take(turn: Turn, queue: string, { number }: Entry, receipt?: string): void {
  const record: BrokerRecord = { kind: 'taken', queue, number, ...(receipt === undefined ? {} : { receipt }) }
  noteTaken(turn, record)
  persist(turn, record)
}

export function noteTaken(
  { state }: Pick<Turn, 'state'>,
  record: Extract<BrokerRecord, { readonly kind: 'taken' }>,
): void {
  const { queue, number, receipt } = record
  const entries = state.queues.get(queue) ?? []
  const at = entries.findIndex((entry) => entry.number === number)
  if (at !== -1) entries.splice(at, 1)
  if (receipt !== undefined) remember(state.receipts, receipt, number)
}

export function handleSettle(turn: Turn, from: NodeId, { request, queue, receipt }: Message<'settle'>): void {
  const { state, config } = turn
  const entry = state.queues.get(queue)?.find(({ lease }) => lease?.receipt === receipt)
  if (entry !== undefined) take(turn, queue, entry, receipt)
  // The gateway settles until it is answered.
  const isDone = state.receipts.has(receipt)
  // The mistake: a receipt is not compared, so what is another's by now is settled too.
  const isLate = !isDone && config.bug === 'settle-late'
  if (isLate) {
    mark(turn)
    if (config.delivery === 'exactly-once') state.twice = `${receipt} settles a message that is not its own any more`
  }
  send(turn, from, { type: 'settled', request, receipt, accepted: isDone || isLate })
}
