import { type History, OK } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { ascending } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { FindingsSink } from '../judge/guarantees.ts'
import type { Budget } from '../limits/budget.ts'
import { isExplained } from '../object/search/explained.ts'
import type { Following } from './following.ts'
import type { Guarantee } from './guarantees.ts'
import { copiesOf, isInventedAt, operationsOn } from './operations.ts'
import type { Message, Queue } from './record.ts'
import { workQueue } from './specification.ts'
import { nameOf, SAY_START } from './words.ts'

export interface QueueJudging extends FindingsSink<Guarantee> {
  readonly history: History
  readonly queue: Queue
  /** Whether operations have times by a single clock. */
  readonly isTimed: boolean
  readonly budget: Budget
  readonly following: Following
  /** Called with a confirmed enqueue of each lost message. */
  lost(row: OperationRow): void
}

/**
 * The maximum number of operations of a queue that is searched as a whole. In a larger queue, the order of equal
 * messages stays undecided.
 */
const MOST_OPERATIONS = 400

/** The enqueue and the first take of a message with a single copy, and the bounds on when they happened. */
interface Life {
  readonly text: string
  /** Undefined if the message was in the queue at the start. */
  readonly enqueue: OperationRow | undefined
  readonly inFrom: number
  readonly inTo: number
  readonly outFrom: number
  readonly outTo: number
  /**
   * The operations that bound the time of the first take: it happened after the call of `late` and before the return of
   * `early`.
   */
  readonly late: OperationRow | undefined
  readonly early: OperationRow | undefined
}

/**
 * Finds a message that was enqueued strictly before another and taken strictly after it. Enqueues and takes each form
 * an interval order. The two orders contradict each other if and only if they order two messages differently
 * (Henzinger, Sezgin & Vafeiadis, CONCUR 2013). It suffices to compare each message with one other message: among the
 * messages that were enqueued strictly before it, the message that was taken last. Equal messages are left to the
 * search.
 */
export function inOrder(judging: QueueJudging): void {
  const { queue, history, unsure } = judging
  const { messages } = queue
  const all = [...messages.values()]
  const isOne = (message: Message): boolean =>
    copiesOf(message) === 1 &&
    [...message.handouts, ...message.sightings].every(({ row }) => !isInventedAt(history, message, row))
  const pair = overtaking(all.filter(isOne).flatMap((message) => lifeOf(judging, message)))
  if (pair !== undefined) {
    report(judging, pair)
    return
  }
  const equal = all.find((message) => copiesOf(message) > 0 && isSeen(message) && !isOne(message))
  if (equal === undefined) return
  const open = `${equal.text} was in ${nameOf(queue)} more than once, and which of them came out first is not known. Give each message an id of its own`
  const operations = operationsOn(history, queue, all).filter(({ does }) => does !== 'ack' && does !== 'nack')
  const isKnown = !queue.isStartUnknown && queue.unanswered.length === 0 && operations.length <= MOST_OPERATIONS
  const rules = { kept: new Set(['first-in-first-out'] as const), initial: queue.initial, isStartUnknown: false }
  const result = isKnown ? isExplained(workQueue(rules), operations, judging.budget) : undefined
  if (result === undefined) unsure('first-in-first-out', open)
  if (result === false) {
    const core = operations.filter(({ does }) => does !== 'look').map(({ row }) => row)
    const sentence = `The messages of ${nameOf(queue)} came out in an order that no possible order of their enqueues explains; ${equal.text} was in ${nameOf(queue)} ${copiesOf(equal)} times.`
    judging.found({ guarantee: 'first-in-first-out', sentence, core, context: [], culprit: core.at(-1) ?? 0 })
  }
}

const isSeen = ({ handouts, sightings }: Message): boolean => handouts.length > 0 || sightings.length > 0

function lifeOf({ history, queue }: QueueJudging, { text, enqueues, handouts, sightings }: Message): readonly Life[] {
  if (handouts.length === 0 && sightings.length === 0) return []
  const { callEvent, returnEvent, outcome } = history.operations
  let [first, early] = [handouts[0]?.row, handouts[0]?.row]
  for (const { row } of handouts) {
    if (first === undefined || callEvent[row] < callEvent[first]) first = row
    if (early === undefined || returnEvent[row] < returnEvent[early]) early = row
  }
  let firstSeen = early === undefined ? NEVER : returnEvent[early]
  let seen: OperationRow | undefined
  for (const { row } of sightings) {
    firstSeen = Math.min(firstSeen, returnEvent[row])
    if (seen === undefined || callEvent[row] > callEvent[seen]) seen = row
  }
  // If no take delivered the message, it was still in the queue at the last operation that saw it.
  const late = first ?? seen
  const [enqueue] = enqueues
  const place = enqueue === undefined ? queue.initial.indexOf(text) - queue.initial.length : 0
  const inFrom = enqueue === undefined ? place : callEvent[enqueue]
  const isConfirmed = enqueue !== undefined && outcome[enqueue] === OK
  const inTo = enqueue === undefined ? place : Math.min(isConfirmed ? returnEvent[enqueue] : NEVER, firstSeen)
  const outFrom = Math.max(late === undefined ? inFrom : callEvent[late], inFrom)
  return [
    { text, enqueue, inFrom, inTo, outFrom, outTo: early === undefined ? NEVER : returnEvent[early], late, early },
  ]
}

interface Overtaking {
  readonly first: Life
  readonly later: Life
}

function overtaking(lives: readonly Life[]): Overtaking | undefined {
  const byEntry = lives.toSorted((a, b) => a.inTo - b.inTo)
  let last: Life | undefined
  let at = 0
  for (const later of lives.toSorted((a, b) => a.inFrom - b.inFrom)) {
    for (let next = byEntry[at]; next !== undefined && next.inTo < later.inFrom; next = byEntry[++at])
      if (last === undefined || next.outFrom > last.outFrom) last = next
    if (last !== undefined && last.outFrom > later.outTo) return { first: last, later }
  }
  return undefined
}

function report({ history, queue, found, unsure }: QueueJudging, { first, later }: Overtaking): void {
  const { callEvent } = history.operations
  const queueName = nameOf(queue)
  if (queue.unanswered.some((row) => callEvent[row] < later.outTo)) {
    unsure(
      'first-in-first-out',
      `a take without an answer may have got ${first.text} of ${queueName} before ${later.text}`,
    )
    return
  }
  const came = first.outTo === NEVER ? 'was still there when it came out' : 'came out after it'
  const put =
    first.enqueue === undefined ? `was in ${queueName} at the start, before` : `was put into ${queueName} before`
  const sentence = `${first.text} ${put} ${later.text}, and ${came}.`
  if (queue.isStartUnknown) {
    unsure(
      'first-in-first-out',
      `${sentence.slice(0, -1)}, unless one like ${later.text} was there at the start. ${SAY_START}`,
    )
    return
  }
  const rows = [first.enqueue, later.enqueue, later.early, first.late].flatMap((row) =>
    row === undefined ? [] : [row],
  )
  const core = ascending(rows)
  found({ guarantee: 'first-in-first-out', sentence, core, context: [], culprit: rows.at(-1) ?? 0 })
}
