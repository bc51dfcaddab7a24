import { clientInWords, type History, nanos, nanosToMillis, OK } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { combinedLadder, type Finding, type FindingsSink } from '../judge/guarantees.ts'
import type { Ladder } from '../verdict/ladder.ts'
import type { Message, Queue, Sight } from './record.ts'

/**
 * The guarantees of queues that hand out a message for a time, and again if it is not acknowledged by then:
 *
 * - no-lost-messages: what was confirmed to its producer is there in the end, unless somebody has acknowledged it
 * - no-invented-messages: what comes out was put in
 * - no-handouts-after-ack: what was acknowledged does not come out again
 * - no-double-leases: while one has a message, nobody else gets it
 * - no-repeats: a message comes out once, unless it is given back
 * - first-in-first-out: of two messages the one that was put in first comes out first, the first time
 */
export const guarantees = [
  'no-lost-messages',
  'no-invented-messages',
  'no-handouts-after-ack',
  'no-double-leases',
  'no-repeats',
  'first-in-first-out',
] as const

export type Guarantee = (typeof guarantees)[number]

const atLeastOnce = ['no-lost-messages', 'no-invented-messages'] as const
const leased = [...atLeastOnce, 'no-handouts-after-ack', 'no-double-leases'] as const

/** What queues promise as a whole. */
export const promises = {
  'exactly-once': [...leased, 'no-repeats'],
  leased,
  'at-least-once': atLeastOnce,
} as const satisfies { readonly [level: string]: readonly Guarantee[] }

export type WorkQueueLevel = keyof typeof promises | Guarantee

export const workQueueLadder: Ladder<WorkQueueLevel> = combinedLadder(guarantees, promises, [
  'no-invented-messages',
  'no-handouts-after-ack',
  'no-double-leases',
])

/** What a queue does that breaks the guarantee. */
export const faults: { readonly [guarantee in Guarantee]: string } = {
  'no-lost-messages': 'loses messages',
  'no-invented-messages': 'hands out what nobody put in',
  'no-handouts-after-ack': 'hands out what was acknowledged',
  'no-double-leases': 'hands out what another has',
  'no-repeats': 'hands out a message again',
  'first-in-first-out': 'changes the order',
}

export interface QueueScan extends FindingsSink<Guarantee> {
  readonly history: History
  readonly queue: Queue
  /** Whether the times of operations are known, by one clock. */
  readonly isTimed: boolean
  /** Called with the first confirmed enqueue of each message that was lost. */
  lost(row: OperationRow): void
}

/** Judges one queue by each guarantee; pairs of leases of one message are compared one by one. */
export function scanQueue(scan: QueueScan): void {
  for (const message of scan.queue.messages.values()) {
    invented(scan, message)
    kept(scan, message)
    // Which of several equal messages came out, nobody knows.
    if (message.enqueues.length === 1) {
      done(scan, message)
      held(scan, message)
    }
    again(scan, message)
  }
  inOrder(scan)
}

function invented(scan: QueueScan, { text, enqueues, failed, sights }: Message): void {
  const { callEvent, returnEvent } = scan.history.operations
  for (const { row } of sights) {
    if (enqueues.some((enqueue) => callEvent[enqueue] < returnEvent[row])) continue
    const why =
      enqueues.length > 0
        ? 'it was put in only later'
        : failed.length > 0
          ? 'its enqueue was reported as failed'
          : 'nobody had put it in'
    const sentence = `${who(scan, row)} got ${text} from ${nameOf(scan)}, but ${why}.`
    scan.found(finding('no-invented-messages', sentence, [row], [...failed, ...enqueues]))
  }
}

function kept(scan: QueueScan, { text, enqueues, sights, acks }: Message): void {
  const { lastLook } = scan.queue
  const { callEvent, returnEvent, outcome } = scan.history.operations
  const enqueue = enqueues.find((row) => outcome[row] === OK)
  if (enqueue === undefined || sights.some(({ row }) => row === lastLook)) return
  if (lastLook === undefined || callEvent[lastLook] < returnEvent[enqueue]) {
    if (acks.length === 0)
      scan.unsure('no-lost-messages', `nobody looked what was left in ${nameOf(scan)} after ${text} had been put in`)
    return
  }
  if (acks.some((row) => callEvent[row] < returnEvent[lastLook])) return
  scan.lost(enqueue)
  const takers = sights.filter(({ isTake }) => isTake).map(({ row }) => row)
  const [first] = takers
  const since = first === undefined ? 'nobody got it' : `${who(scan, first)} got it and did not acknowledge it`
  const sentence = `${text} was put into ${nameOf(scan)} by ${who(scan, enqueue)}, and confirmed; ${since}, and in the end it was not there.`
  scan.found(finding('no-lost-messages', sentence, [enqueue, lastLook], takers))
}

function done(scan: QueueScan, { text, enqueues, sights, acks }: Message): void {
  const { callEvent, returnEvent, outcome } = scan.history.operations
  for (const ack of acks) {
    if (outcome[ack] !== OK) continue
    const again = sights.find(({ row }) => callEvent[row] > returnEvent[ack])
    // Its receipt.
    const taken = sights.find(({ row, isTake }) => isTake && callEvent[row] < returnEvent[ack])
    if (again === undefined || taken === undefined) continue
    const sentence = `${who(scan, ack)} acknowledged ${text} of ${nameOf(scan)}, and ${again.isTake ? `${who(scan, again.row)} got it all the same, later` : 'it was there all the same, later'}.`
    scan.found(finding('no-handouts-after-ack', sentence, [...enqueues, taken.row, ack, again.row]))
  }
}

/** Servers count time in ms, so that a lease may be as much shorter. */
const GRACE_MS = 1

/**
 * Two got it within the lease of the first. When in its call each was given it, nobody knows, so the time between them
 * is taken from the earlier call to the later return. Nobody may have given it back or acknowledged it meanwhile.
 */
function held(scan: QueueScan, { text, enqueues, sights, acks, nacks }: Message): void {
  const { callEvent, returnEvent, callTime, returnTime } = scan.history.operations
  const leases = sights.filter(({ leaseMs }) => leaseMs !== undefined)
  if (leases.length > 1 && !scan.isTimed) {
    scan.unsure('no-double-leases', 'the operations have no times by one clock')
    return
  }
  const isFreed = ({ row: one }: Sight, { row: other }: Sight): boolean =>
    [...nacks, ...acks].some(
      (row) =>
        callEvent[row] < Math.max(returnEvent[one], returnEvent[other]) &&
        (returnEvent[row] < 0 || returnEvent[row] > Math.min(callEvent[one], callEvent[other])),
    )
  for (const [i, one] of leases.entries())
    for (const other of leases.slice(i + 1)) {
      const from = Math.min(callTime[one.row], callTime[other.row])
      const to = Math.max(returnTime[one.row], returnTime[other.row])
      const apartMs = nanosToMillis(nanos(to - from))
      const [first, second] = returnEvent[one.row] < returnEvent[other.row] ? [one, other] : [other, one]
      const isBefore = returnEvent[first.row] < callEvent[second.row]
      const ms = isBefore ? (first.leaseMs ?? 0) : Math.min(first.leaseMs ?? 0, second.leaseMs ?? 0)
      if (apartMs >= ms - GRACE_MS || isFreed(one, other)) continue
      const sentence = `${who(scan, first.row)} got ${text} from ${nameOf(scan)} for ${ms} ms, and ${who(scan, second.row)} got it, too, within ${Math.ceil(apartMs)} ms.`
      scan.found(finding('no-double-leases', sentence, [...enqueues, first.row, second.row]))
    }
}

function again(scan: QueueScan, { text, enqueues, sights, nacks }: Message): void {
  const allowed = enqueues.length + nacks.length
  const takes = sights.filter(({ isTake }) => isTake)
  if (enqueues.length === 0 || takes.length <= allowed) return
  const [first, ...others] = takes.slice(0, allowed + 1)
  const last = others.at(-1)
  if (first === undefined || last === undefined) return
  const gave =
    nacks.length === 0 ? '' : `, though it was given back only ${nacks.length === 1 ? 'once' : `${nacks.length} times`}`
  const sentence = `${text} of ${nameOf(scan)} was handed out ${allowed + 1} times: first ${who(scan, first.row)} got it, and at last ${who(scan, last.row)}${gave}.`
  const rows = [first, ...others].map(({ row }) => row)
  scan.found(finding('no-repeats', sentence, [...enqueues, ...rows], nacks))
}

/** A message, and when it came out first: at `from` at the earliest. */
interface First {
  readonly text: string
  readonly enqueue: OperationRow
  readonly from: Sight
  readonly to: Sight
}

/**
 * Of the messages that were put in strictly before another one, one comes out strictly after it. One pass in the order
 * of calls: the one that came out last, of those put in before, decides.
 */
function inOrder(scan: QueueScan): void {
  const { callEvent, returnEvent, outcome } = scan.history.operations
  const firsts = [...scan.queue.messages.values()].flatMap(({ text, enqueues, sights }): readonly First[] => {
    const [enqueue] = enqueues
    const [some] = sights
    if (enqueue === undefined || enqueues.length > 1 || some === undefined) return []
    const least = (by: (row: OperationRow) => number): Sight =>
      sights.reduce((best, each) => (by(each.row) < by(best.row) ? each : best), some)
    return [{ text, enqueue, from: least((row) => callEvent[row]), to: least((row) => returnEvent[row]) }]
  })
  const byReturn = firsts
    .filter(({ enqueue }) => outcome[enqueue] === OK)
    .sort((a, b) => returnEvent[a.enqueue] - returnEvent[b.enqueue])
  let last: First | undefined
  let at = 0
  for (const later of firsts.toSorted((a, b) => callEvent[a.enqueue] - callEvent[b.enqueue])) {
    for (
      let next = byReturn[at];
      next !== undefined && returnEvent[next.enqueue] < callEvent[later.enqueue];
      next = byReturn[++at]
    )
      if (last === undefined || callEvent[next.from.row] > callEvent[last.from.row]) last = next
    if (last === undefined || callEvent[last.from.row] < returnEvent[later.to.row]) continue
    if (scan.queue.unanswered.some((row) => callEvent[row] < returnEvent[later.to.row])) {
      scan.unsure(
        'first-in-first-out',
        `a take without an answer may have got ${last.text} of ${nameOf(scan)} before ${later.text}`,
      )
      continue
    }
    const sentence = `${last.text} was put into ${nameOf(scan)} before ${later.text}, and came out after it.`
    scan.found(finding('first-in-first-out', sentence, [last.enqueue, later.enqueue, later.to.row, last.from.row]))
  }
}

function finding(
  guarantee: Guarantee,
  sentence: string,
  rows: readonly OperationRow[],
  context: readonly OperationRow[] = [],
): Finding<Guarantee> {
  const core = [...new Set(rows)].sort((a, b) => a - b)
  return {
    ...{ guarantee, sentence, core, culprit: rows.at(-1) ?? 0 },
    context: [...new Set(context)].filter((row) => !core.includes(row)),
  }
}

const who = ({ history }: QueueScan, row: OperationRow): string =>
  clientInWords(history, history.operations.process[row])

const nameOf = ({ queue }: QueueScan): string => queue.name ?? 'the queue'
