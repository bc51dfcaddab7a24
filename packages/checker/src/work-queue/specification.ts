import type { Span, StateMachine } from '../object/search/explained.ts'
import type { Guarantee } from './guarantees.ts'

/** One operation on a queue with leases, with its result. Times are in ms by a single clock. */
export type QueueOperation = Span & Moment & (Enqueue | Take | Settlement | Look)

interface Moment {
  readonly fromMs: number
  /** When the operation returned; Infinity if unknown. */
  readonly toMs: number
}

interface Enqueue {
  readonly does: 'enqueue'
  readonly text: string
  readonly isConfirmed: boolean
}

interface Take {
  readonly does: 'take'
  readonly text: string
  readonly receipt: string
  /** The lease in ms, if known. No other consumer should get the message during it. */
  readonly leaseMs: number | undefined
  /** Whether the take certainly returned a message that nobody had enqueued. */
  readonly isInvented: boolean
}

interface Settlement {
  readonly does: 'ack' | 'nack'
  readonly receipt: string
}

interface Look {
  readonly does: 'look'
  readonly counts: ReadonlyMap<string, number>
  readonly invented: ReadonlySet<string>
  readonly isLast: boolean
}

/** One message in the queue; messages of equal values are indistinguishable copies. */
interface Copy {
  readonly text: string
  /** The receipts of all deliveries of this message. */
  readonly receipts: readonly string[]
  /** The end of the lease, in ms. */
  readonly untilMs: number
  /** Whether the copy was delivered and not returned since. */
  readonly isOut: boolean
  readonly isTaken: boolean
  readonly isAcknowledged: boolean
  /**
   * Whether the queue must keep the copy until the copy is acknowledged. True if the enqueue was confirmed, or if the
   * queue had the copy at the start.
   */
  readonly isDue: boolean
  /** Whether the message was neither enqueued nor known to be initial. The order of the queue does not apply to it. */
  readonly isInvented: boolean
  /**
   * Whether the queue must have lost this message, because a message that was enqueued later was taken first. Under
   * `first-in-first-out`, a later message is taken first only if this one was lost.
   */
  readonly isLost: boolean
}

export interface QueueState {
  /** In order of enqueue. */
  readonly copies: readonly Copy[]
  /** The earliest time at which the queue can be in this state, in ms. */
  readonly nowMs: number
}

export interface QueueRules {
  /** The guarantees assumed to hold. The queue may break all others. */
  readonly kept: ReadonlySet<Guarantee>
  /** The content at the start, as canonical JSON, in order. If the start is unknown, there may be more messages. */
  readonly initial: readonly string[]
  readonly isStartUnknown: boolean
}

/** A lease may be this much shorter than requested, because servers measure time in whole milliseconds. */
const GRACE_MS = 1
const NO_LEASE = Number.NEGATIVE_INFINITY

/**
 * Defines a queue that leases its messages. A take returns any message that the guarantees in `rules.kept` allow.
 * Copies of equal messages are indistinguishable until they are taken: from then on, the receipt identifies the copy.
 * If invented messages are allowed, each is a separate copy without a place in the order.
 *
 * Time never goes back. Each step happens as early as possible, because this leaves the most possibilities for later
 * steps.
 */
export function workQueue(rules: QueueRules): StateMachine<QueueState, QueueOperation> {
  const { kept, initial } = rules
  return {
    initial: { copies: initial.map((text) => fresh(text, true)), nowMs: NO_LEASE },
    step: (state, operation) => {
      switch (operation.does) {
        case 'enqueue':
          return [{ ...state, copies: [...state.copies, fresh(operation.text, operation.isConfirmed)] }]
        case 'take':
          return take(rules, state, operation)
        case 'look':
          return look(rules, state, operation)
        case 'ack':
          return settle(rules, state, operation, { isAcknowledged: true, untilMs: NO_LEASE })
        case 'nack':
          return settle(rules, state, operation, { isOut: false, untilMs: NO_LEASE })
        default:
          return operation satisfies never
      }
    },
    key: ({ copies, nowMs }) => {
      const texts = copies.map((copy) => keyOf(copy, kept))
      return `${kept.has('no-double-leases') ? nowMs : ''} ${(kept.has('first-in-first-out') ? texts : texts.sort()).join(' ')}`
    },
    nameOf: (operation) => (operation.does === 'enqueue' ? `${operation.isConfirmed} ${operation.text}` : undefined),
  }
}

const fresh = (text: string, isDue: boolean): Copy => ({
  ...{ text, receipts: [], untilMs: NO_LEASE },
  ...{ isOut: false, isTaken: false, isAcknowledged: false, isDue, isInvented: false, isLost: false },
})

/** Returns a text that identifies a copy of a message by the properties on which the guarantees in `kept` depend. */
function keyOf(
  { text, receipts, untilMs, isOut, isTaken, isAcknowledged, isDue, isInvented, isLost }: Copy,
  kept: QueueRules['kept'],
): string {
  const until = kept.has('no-double-leases') && untilMs !== NO_LEASE ? untilMs : ''
  const flags = [
    kept.has('no-repeats') && isOut,
    kept.has('first-in-first-out') && isTaken,
    (kept.has('no-handouts-after-ack') || kept.has('no-lost-messages')) && isAcknowledged,
    kept.has('no-lost-messages') && isDue,
    isInvented,
    isLost,
  ]
  return JSON.stringify([text, receipts.toSorted(), until, ...flags.map(Number)])
}

function take(rules: QueueRules, state: QueueState, operation: Take & Moment): readonly QueueState[] {
  const { text, receipt } = operation
  const bound = state.copies.findIndex(({ receipts }) => receipts.includes(receipt))
  if (bound >= 0) return handOut(rules, state, bound, operation)
  const next = state.copies.flatMap((copy, at) => (copy.text === text ? handOut(rules, state, at, operation) : []))
  if (!mayAppear(rules, operation.isInvented)) return next
  return [...next, ...handOut(rules, { ...state, copies: [invented(text), ...state.copies] }, 0, operation)]
}

/** Whether the queue may contain a message that nobody enqueued. */
const mayAppear = ({ kept, isStartUnknown }: QueueRules, isInvented: boolean): boolean =>
  isStartUnknown || (isInvented && !kept.has('no-invented-messages'))

const invented = (text: string): Copy => ({ ...fresh(text, false), isInvented: true })

function handOut(
  { kept }: QueueRules,
  { copies, nowMs }: QueueState,
  at: number,
  { receipt, leaseMs, fromMs, toMs }: Take & Moment,
): readonly QueueState[] {
  const copy = copies[at]
  if (copy === undefined || copy.isLost) return []
  if (kept.has('no-handouts-after-ack') && copy.isAcknowledged) return []
  if (kept.has('no-repeats') && copy.isOut) return []
  const atMs = Math.max(nowMs, fromMs, kept.has('no-double-leases') ? copy.untilMs - GRACE_MS : NO_LEASE)
  if (atMs > toMs) return []
  const isOvertaken = (other: Copy, i: number): boolean =>
    i < at && !other.isTaken && !other.isInvented && !other.isLost
  const isFirst = !kept.has('first-in-first-out') || copy.isTaken || copy.isInvented || !copies.some(isOvertaken)
  if (!isFirst && kept.has('no-lost-messages')) return []
  const next = copies.map((other, i): Copy => {
    if (i !== at) return !isFirst && isOvertaken(other, i) ? { ...other, isLost: true } : other
    const untilMs = leaseMs === undefined ? NO_LEASE : atMs + leaseMs
    const receipts = copy.receipts.includes(receipt) ? copy.receipts : [...copy.receipts, receipt]
    return { ...copy, receipts, untilMs, isOut: true, isTaken: true }
  })
  return [{ copies: next, nowMs: atMs }]
}

function settle(
  { kept }: QueueRules,
  { copies, nowMs }: QueueState,
  { receipt, fromMs, toMs }: Settlement & Moment,
  change: Partial<Copy>,
): readonly QueueState[] {
  const at = copies.findIndex(({ receipts }) => receipts.includes(receipt))
  const atMs = Math.max(nowMs, fromMs)
  if (at < 0 || (kept.has('no-double-leases') && atMs > toMs)) return []
  return [{ copies: copies.map((copy, i) => (i === at ? { ...copy, ...change } : copy)), nowMs: atMs }]
}

function look(rules: QueueRules, state: QueueState, operation: Look & Moment): readonly QueueState[] {
  const { counts, isLast, fromMs, toMs } = operation
  const { kept } = rules
  const nowMs = Math.max(state.nowMs, fromMs)
  if (kept.has('no-double-leases') && nowMs > toMs) return []
  let { copies } = state
  const texts = isLast ? new Set([...counts.keys(), ...copies.map(({ text }) => text)]) : counts.keys()
  for (const text of texts) {
    const seen = counts.get(text) ?? 0
    const own = copies.filter((copy) => copy.text === text)
    const left = own.filter(({ isAcknowledged }) => !isAcknowledged)
    if (isLast && kept.has('no-lost-messages') && left.filter(({ isDue }) => isDue).length > seen) return []
    if (seen > left.length && mayAppear(rules, operation.invented.has(text))) {
      copies = [...Array.from({ length: seen - left.length }, () => invented(text)), ...copies]
      continue
    }
    if (kept.has('no-invented-messages') && seen > own.length) return []
    const most = Math.min(seen, own.length)
    if (kept.has('no-handouts-after-ack') && most > left.length) return []
    if (most > own.filter(({ isLost }) => !isLost).length) return []
  }
  return [{ copies, nowMs }]
}
