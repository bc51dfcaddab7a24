import { type History, OK } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { FindingsSink } from '../judge/guarantees.ts'
import type { Budget } from '../limits/budget.ts'
import { isExplained } from '../object/search/explained.ts'
import { shrunk } from './core.ts'
import type { Guarantee } from './guarantees.ts'
import { copiesOf, isInventedAt, operationsOn, type RecordedOperation } from './operations.ts'
import { inOrder } from './order.ts'
import type { Message, Queue } from './record.ts'
import { workQueue } from './specification.ts'
import { findingOf, nameOf, sentenceOf } from './words.ts'

export interface QueueJudging extends FindingsSink<Guarantee> {
  readonly history: History
  readonly queue: Queue
  /** Whether the times of operations are known, by one clock. */
  readonly isTimed: boolean
  readonly budget: Budget
  /** Called with a confirmed enqueue of each message that was lost. */
  lost(row: OperationRow): void
}

/** The guarantees that concern the messages of one value only. */
const ofOneValue = [
  'no-lost-messages',
  'no-invented-messages',
  'no-handouts-after-ack',
  'no-double-leases',
  'no-repeats',
] as const satisfies readonly Guarantee[]

/** Violations to be told in full, for each guarantee: those of the fewest operations. */
const MOST_TOLD = 8

/**
 * Judges one queue by each guarantee. The specification is searched for every value on its own, unless a glance shows that
 * all is well; the order concerns all values (see `inOrder`).
 */
export function judgeQueue(judging: QueueJudging): void {
  const violations = new Map<Guarantee, Violation[]>()
  for (const message of judging.queue.messages.values()) {
    judging.budget.tick()
    unfinished(judging, message)
    if (isPlain(judging, message)) continue
    for (const violation of violationsOf(judging, message)) {
      const { guarantee } = violation
      if (guarantee === 'no-lost-messages') lose(judging, message)
      violations.set(guarantee, [...(violations.get(guarantee) ?? []), violation])
    }
  }
  for (const all of violations.values())
    for (const violation of all.toSorted((a, b) => a.operations.length - b.operations.length).slice(0, MOST_TOLD))
      tell(judging, violation)
  inOrder(judging)
}

/** What was not acknowledged may still be there, if nobody looked. */
function unfinished(
  { history, queue, unsure }: QueueJudging,
  { text, initially, enqueues, settlements }: Message,
): void {
  const { callEvent, returnEvent, outcome } = history.operations
  const { lastLook } = queue
  const confirmed = enqueues.filter((row) => outcome[row] === OK)
  const isLooked = (row: OperationRow): boolean => lastLook !== undefined && callEvent[lastLook] > returnEvent[row]
  if (confirmed.every(isLooked) && (initially === 0 || lastLook !== undefined)) return
  const acknowledged = new Set(settlements.flatMap(({ does, receipt }) => (does === 'ack' ? [receipt] : [])))
  if (acknowledged.size >= initially + confirmed.length) return
  unsure('no-lost-messages', `nobody looked what was left in ${nameOf(queue)} after ${text} had been put in`)
}

/**
 * Whether a message obviously breaks no guarantee: it was there once, was taken once at most, not before it was put in, and
 * was still there or acknowledged in the end.
 */
function isPlain({ history, queue }: QueueJudging, message: Message): boolean {
  const { initially, enqueues, handouts, sightings, settlements } = message
  if (copiesOf(message) !== 1 || handouts.length > 1 || sightings.some(({ times }) => times > 1)) return false
  const { callEvent, returnEvent, outcome } = history.operations
  const shown = [...handouts, ...sightings, ...settlements]
  if (shown.some(({ row }) => isInventedAt(history, message, row))) return false
  const acks = settlements.filter(({ does }) => does === 'ack')
  const isAfterAck = ({ row }: { readonly row: OperationRow }): boolean =>
    acks.some((ack) => outcome[ack.row] === OK && callEvent[row] > returnEvent[ack.row])
  if (sightings.some(isAfterAck)) return false
  const { lastLook } = queue
  if (lastLook === undefined || sightings.some(({ row }) => row === lastLook)) return true
  const isDue = initially > 0 || enqueues.some((row) => outcome[row] === OK && returnEvent[row] < callEvent[lastLook])
  return !isDue || [handouts, acks].every((each) => each.some(({ row }) => callEvent[row] < returnEvent[lastLook]))
}

interface Violation {
  readonly guarantee: Guarantee
  readonly message: Message
  readonly operations: readonly RecordedOperation[]
}

/** The guarantees that no order of the operations on a message follows, each by itself. */
function violationsOf(judging: QueueJudging, message: Message): readonly Violation[] {
  const { history, queue, isTimed, unsure } = judging
  const operations = operationsOn(history, queue, [message])
  const isLeased = message.handouts.filter(({ leaseMs }) => leaseMs !== undefined).length > 1
  if (isLeased && !isTimed) unsure('no-double-leases', 'the operations have no times by one clock')
  const kept = ofOneValue.filter((each) => each !== 'no-double-leases' || (isLeased && isTimed))
  if (isFollowed(judging, message, kept, operations) === true) return []
  return kept.flatMap((guarantee): readonly Violation[] => {
    const result = isFollowed(judging, message, [guarantee], operations)
    if (result === undefined) unsure(guarantee, tooMany(queue, message))
    if (result !== false) return []
    const violation: Violation = { guarantee, message, operations }
    if (!queue.isStartUnknown || !isStartToBlame(judging, violation)) return [violation]
    const [first = ''] = sentenceOf(judging, message, guarantee, operations).split(/\.$/)
    unsure(
      guarantee,
      `${first}, unless one like it was there at the start. Say what was there: --initial '[]' for nothing`,
    )
    return []
  })
}

const tooMany = (queue: Queue, { text }: Message): string =>
  `${text} was in ${nameOf(queue)} more than once, and there are too many ways in which it may have come out. Give each message an id of its own`

function isFollowed(
  { queue, budget }: QueueJudging,
  { text }: Message,
  kept: readonly Guarantee[],
  operations: readonly RecordedOperation[],
  isStartUnknown = false,
): boolean | undefined {
  const initial = queue.initial.filter((each) => each === text)
  return isExplained(workQueue({ kept: new Set(kept), initial, isStartUnknown }), operations, budget)
}

/** Whether messages that nobody knows of may have been there at the start, and explain it. */
const isStartToBlame = (judging: QueueJudging, { guarantee, message, operations }: Violation): boolean =>
  isFollowed(judging, message, [guarantee], operations, true) !== false

function lose({ history, lost }: QueueJudging, { enqueues }: Message): void {
  const { outcome } = history.operations
  const row = enqueues.find((enqueue) => outcome[enqueue] === OK)
  if (row !== undefined) lost(row)
}

function tell(judging: QueueJudging, { guarantee, message, operations }: Violation): void {
  const isBroken = (some: readonly RecordedOperation[]): boolean =>
    isFollowed(
      judging,
      message,
      [guarantee],
      some,
      judging.queue.isStartUnknown && guarantee !== 'no-lost-messages',
    ) === false
  const core = shrunk(guarantee, operations, isBroken)
  judging.found(findingOf(judging, message, guarantee, core))
}
