import {
  FAIL,
  FLAG_FINAL,
  foundOrMade,
  functionOf,
  type History,
  type Json,
  OK,
  type ValueId,
} from '@chaosproxy/history'
import { type OperationRow, UNJUDGED } from '../encoding/operation-row.ts'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { Budget } from '../limits/budget.ts'
import type { Ending } from '../object/model/ending.ts'
import type { Convergence, Ended, WrongEnd } from '../object/model/object-model.ts'
import { rowsOf } from '../verdict/accounting.ts'
import { notRecorded } from '../verdict/reason.ts'
import { unknownBecause } from '../verdict/verdict.ts'
import { phrase, show } from '../verdict/words.ts'
import { takenIn } from './at-start.ts'
import { NULL_ID } from './gaps.ts'
import { DRAIN, ENQUEUE, queueNumbers } from './operations.ts'

/**
 * Returns the operations that show an empty queue: answered drains, and final dequeues that found nothing. Each must
 * begin after every acknowledged enqueue returned and every other enqueue was called.
 *
 * @throws OutOfTime
 */
export function endingOfMessages(history: History, budget: Budget): Ending {
  const { callEvent, returnEvent, flags, f, key, outcome, output } = history.operations
  const numbers = history.functions.map((name) => queueNumbers[name] ?? -1)
  const lastPut = new Map<number, number>()
  const last = new Map<number, OperationRow>()
  const changed = new Set<number>()
  for (let row = 0; row < history.operations.length; row++) {
    budget.tick()
    const number = numbers[f[row]]
    if (number === -1 || outcome[row] === FAIL || outcome[row] === UNJUDGED) continue
    const acknowledged = outcome[row] === OK
    const foundNothing = acknowledged && output[row] === NULL_ID
    if (number === ENQUEUE) {
      const at = acknowledged ? returnEvent[row] : callEvent[row]
      if (at > (lastPut.get(key[row]) ?? -1)) lastPut.set(key[row], at)
      if (acknowledged) changed.add(key[row])
      continue
    }
    if (acknowledged && (!foundNothing || number === DRAIN)) changed.add(key[row])
    const isEnd = number === DRAIN ? acknowledged : foundNothing && (flags[row] & FLAG_FINAL) !== 0
    // Rows are ordered by their calls. So for each key, the last operation that found the queue empty is kept.
    if (isEnd) last.set(key[row], row)
  }
  const finals = new Map<number, readonly OperationRow[]>()
  for (const [key, row] of last) if (callEvent[row] > (lastPut.get(key) ?? -1)) finals.set(key, [row])
  return {
    finals,
    unread: [...changed].filter((key) => !finals.has(key)),
    noun: 'answered drain after the last enqueue',
  }
}

interface Passage {
  readonly value: number
  /** How often the value was certainly put into the queue. */
  given: number
  /** How often the value may have been enqueued. */
  tried: number
  readonly rows: OperationRow[]
  taken: number
}

/** A drained queue. */
interface Drained {
  readonly key: number
  readonly drain: OperationRow
  readonly passages: Map<number, Passage>
  /** Operations of unknown outcome that may have taken messages, and how many they may have taken. */
  readonly takers: OperationRow[]
  mostTaken: number
}

/**
 * Decides eventual consistency of drained queues. Every initial or acknowledged message must have been dequeued. Every
 * dequeued message must be initial or enqueued. Repeated deliveries are allowed, because a queue may deliver at least
 * once.
 *
 * @throws OutOfTime
 */
export function messagesAtEnd(ended: Ended, budget: Budget): Convergence {
  let excused = false
  if (ended.ending.finals.size === 0) return { result: 'met' }
  for (const drained of drainedOf(ended, budget).values()) {
    const found = endOf(ended, drained, budget)
    if (found === 'excused') excused = true
    else if (found !== undefined) return found
  }
  if (!excused) return { result: 'met' }
  return unknownBecause(notRecorded('operations of unknown outcome may have taken the messages that never came out'))
}

function drainedOf({ history, initial, ending }: Ended, budget: Budget): ReadonlyMap<number, Drained> {
  const { values } = history
  const queues = new Map<number, Drained>()
  const passageOf = ({ passages }: Drained, value: number): Passage => {
    return foundOrMade(passages, value, () => ({ value, given: 0, tried: 0, rows: [], taken: 0 }))
  }
  const start = isUnknownStart(initial) || !Array.isArray(initial) ? [] : (initial as readonly Json[])
  for (const [key, [drain]] of ending.finals) {
    const queue: Drained = { key, drain, passages: new Map(), takers: [], mostTaken: 0 }
    queues.set(key, queue)
    for (const message of start) passageOf(queue, values.id(message)).given++
  }
  for (const { row, key, acknowledged, failed, input } of rowsOf(history, Object.keys(queueNumbers), budget)) {
    const queue = queues.get(key)
    if (queue === undefined || failed) continue
    const number = queueNumbers[functionOf(history, row)]
    if (number === ENQUEUE) {
      const passage = passageOf(queue, input)
      passage.rows.push(row)
      passage.tried++
      if (acknowledged) passage.given++
    } else if (!acknowledged) {
      queue.takers.push(row)
      queue.mostTaken += number === DRAIN ? Number.POSITIVE_INFINITY : 1
    } else {
      for (const value of takenIn(history, row, number === DRAIN)) {
        budget.tick()
        const passage = passageOf(queue, value)
        passage.taken++
        passage.rows.push(row)
      }
    }
  }
  return queues
}

/** Describes what is wrong with a queue's final state, if anything. */
function endOf(
  { history, initial }: Ended,
  { key, drain, passages, takers, mostTaken }: Drained,
  budget: Budget,
): WrongEnd | 'excused' | undefined {
  const { operations, values, keys } = history
  const name = phrase('of', keys[key])
  const listText = (some: readonly Passage[]): string => {
    const listed = some.slice(0, MOST_NAMED).map(({ value }) => show(values.json(value as ValueId)))
    return some.length > listed.length
      ? `${listed.join(', ')} and ${some.length - listed.length} more`
      : listed.join(', ')
  }
  const inOrder = (rows: Iterable<OperationRow>): OperationRow[] =>
    [...new Set(rows)].sort((a, b) => operations.callEvent[a] - operations.callEvent[b])
  const missing: Passage[] = []
  const unheard: Passage[] = []
  let gone = 0
  for (const passage of passages.values()) {
    budget.tick()
    const { given, tried, taken } = passage
    if (taken > 0 && given === 0 && tried === 0 && !isUnknownStart(initial)) unheard.push(passage)
    if (taken >= given) continue
    missing.push(passage)
    gone += given - taken
  }
  const [stray] = unheard
  if (stray !== undefined) {
    const failed = wasRefused(history, key, stray.value) ? ' but operations that failed' : ''
    const sentence = `Nobody enqueued what came out${name}${failed}: ${listText(unheard)}.`
    return { result: 'violated', sentence, rows: inOrder([stray.rows[0], drain]) }
  }
  if (gone === 0) return undefined
  if (gone <= mostTaken) return 'excused'
  // Collects missing messages until there are more than operations of unknown outcome can have taken.
  let left = mostTaken
  const enough: Passage[] = []
  for (const passage of missing) {
    enough.push(passage)
    left -= passage.given - passage.taken
    if (left < 0) break
  }
  const isAcknowledged = enough.some(({ rows }) =>
    rows.some((row) => queueNumbers[functionOf(history, row)] === ENQUEUE),
  )
  const what = isAcknowledged ? 'were acknowledged' : 'were there at the start'
  const sentence = `Messages that ${what}${name} never came out, though the queue was drained: ${listText(missing)}.`
  return { result: 'violated', sentence, rows: inOrder([...enough.flatMap(({ rows }) => rows), ...takers, drain]) }
}

const MOST_NAMED = 5

function wasRefused(history: History, key: number, value: number): boolean {
  const { operations } = history
  for (let row = 0; row < operations.length; row++) {
    if (operations.key[row] !== key || operations.input[row] !== value || operations.outcome[row] !== FAIL) continue
    if (queueNumbers[functionOf(history, row)] === ENQUEUE) return true
  }
  return false
}
