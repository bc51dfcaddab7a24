import { OK } from '@chaosproxy/history'
import { addTo } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import { inTime } from '../limits/budget.ts'
import { shrunk } from './core.ts'
import { type Some, someOf } from './following.ts'
import type { OfOneValue } from './guarantees.ts'
import { copiesOf, isInventedAt, operationsOn, type RecordedOperation } from './operations.ts'
import { inOrder, type QueueJudging } from './order.ts'
import type { Message } from './record.ts'
import { findingOf, nameOf, SAY_START, sentenceOf } from './words.ts'

const ofOneValue = [
  'no-lost-messages',
  'no-invented-messages',
  'no-handouts-after-ack',
  'no-double-leases',
  'no-repeats',
] as const satisfies readonly OfOneValue[]

const NO_TIME = 'there was no time to judge all messages'

/**
 * The maximum number of violations of each guarantee that are described in full. The smallest violations are chosen.
 */
const MOST_REPORTED = 8

/**
 * Judges one queue by each guarantee. A quick check examines each value; if it finds a possible problem, the
 * specification is searched. The order of messages concerns all values (see `inOrder`).
 */
export function judgeQueue(judging: QueueJudging): void {
  const violations = new Map<OfOneValue, Violation[]>()
  inTime(
    () => {
      for (const message of judging.queue.messages.values()) {
        judging.budget.tick()
        unfinished(judging, message)
        if (isPlain(judging, message)) continue
        for (const violation of violationsOf(judging, message)) {
          const { guarantee } = violation
          if (guarantee === 'no-lost-messages') lose(judging, message)
          addTo(violations, guarantee, violation)
        }
      }
    },
    () => {
      for (const guarantee of ofOneValue) judging.unsure(guarantee, NO_TIME)
    },
  )
  for (const all of violations.values())
    for (const violation of all.toSorted((a, b) => a.operations.length - b.operations.length).slice(0, MOST_REPORTED))
      reportViolation(judging, violation)
  inOrder(judging)
}

/**
 * Leaves `no-lost-messages` undecided for a message whose unacknowledged copies may still be in the queue, because no
 * later operation listed the queue's messages.
 */
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
  unsure('no-lost-messages', `nobody looked at what was left in ${nameOf(queue)} after ${text} had been put in`)
}

/**
 * Reports whether a message obviously breaks no guarantee: there is one copy, it was taken at most once, and in the end
 * it was still in the queue or acknowledged.
 */
function isPlain({ history, queue }: QueueJudging, message: Message): boolean {
  const { initially, enqueues, handouts, sightings, settlements } = message
  if (copiesOf(message) !== 1 || handouts.length > 1 || sightings.some(({ times }) => times > 1)) return false
  const { callEvent, returnEvent, outcome } = history.operations
  const isInvented = ({ row }: { readonly row: OperationRow }): boolean => isInventedAt(history, message, row)
  if (handouts.some(isInvented) || sightings.some(isInvented) || settlements.some(isInvented)) return false
  const acks = settlements.filter(({ does }) => does === 'ack')
  const isAfterAck = ({ row }: { readonly row: OperationRow }): boolean =>
    acks.some((ack) => outcome[ack.row] === OK && callEvent[row] > returnEvent[ack.row])
  if (sightings.some(isAfterAck)) return false
  const { lastLook } = queue
  if (lastLook === undefined || sightings.some(({ row }) => row === lastLook)) return true
  // Reports whether an operation on the message succeeded before the last look at the queue began. Such an operation
  // shows that the message had been in the queue before this look.
  const isSince = (row: OperationRow): boolean => outcome[row] === OK && returnEvent[row] < callEvent[lastLook]
  const isThere =
    enqueues.some(isSince) || handouts.some(({ row }) => isSince(row)) || sightings.some(({ row }) => isSince(row))
  const isDue = initially > 0 || (isThere && enqueues.every((row) => outcome[row] === OK))
  return !isDue || [handouts, acks].every((each) => each.some(({ row }) => callEvent[row] < returnEvent[lastLook]))
}

interface Violation extends Some {
  readonly guarantee: OfOneValue
}

/** The guarantees that no order of a message's operations keeps. */
function violationsOf(judging: QueueJudging, message: Message): readonly Violation[] {
  const { history, queue, isTimed, unsure, following } = judging
  const some = someOf(message, operationsOn(history, queue, [message]))
  const { handouts } = message
  const isLeased = handouts.length > 1 && handouts.some(({ leaseMs }) => leaseMs !== undefined)
  if (isLeased && !isTimed) unsure('no-double-leases', 'the operations lack times by a single clock')
  const untimed = ofOneValue.filter((each) => each !== 'no-double-leases')
  const open: readonly OfOneValue[] = [
    ...(isLeased && isTimed ? (['no-double-leases'] as const) : []),
    ...(following.isFollowed(untimed, some) === true ? [] : untimed),
  ]
  return open.flatMap((guarantee): readonly Violation[] => {
    const result = following.isFollowed([guarantee], some)
    if (result === undefined) unsure(guarantee, tooMany(judging, message))
    if (result !== false) return []
    if (!queue.isStartUnknown || following.isFollowed([guarantee], some, true) === false)
      return [{ guarantee, ...some }]
    const sentence = sentenceOf(judging, message, guarantee, some.operations).replace(/\.$/, '')
    unsure(guarantee, `${sentence}, unless one like it was there at the start. ${SAY_START}`)
    return []
  })
}

const tooMany = ({ queue, budget }: QueueJudging, { text }: Message): string =>
  budget.left() <= 0
    ? NO_TIME
    : `${text} was in ${nameOf(queue)} more than once, and there are too many ways in which it may have come out. Give each message an id of its own`

function lose({ history, lost }: QueueJudging, { enqueues }: Message): void {
  const { outcome } = history.operations
  const row = enqueues.find((enqueue) => outcome[enqueue] === OK)
  if (row !== undefined) lost(row)
}

function reportViolation(judging: QueueJudging, { guarantee, message, operations }: Violation): void {
  const { following, queue } = judging
  const isBroken = (fewer: readonly RecordedOperation[]): boolean =>
    following.isFollowed([guarantee], someOf(message, fewer), queue.isStartUnknown) === false
  judging.found(findingOf(judging, message, guarantee, shrunk(guarantee, operations, isBroken)))
}
