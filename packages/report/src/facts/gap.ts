import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { FAIL, type History, inputOf, outputOf } from '@chaosproxy/history'
import { reproach } from '../moments.ts'
import {
  answeredText,
  callEventOf,
  callTimeOf,
  clientOf,
  effectOf,
  functionOf,
  hasReturned,
  isFinal,
  isOk,
  isRead,
  isReplacing,
  isTaking,
  keyOf,
  mayReturnValue,
  nameText,
  nodeOf,
  ofKey,
  returnEventOf,
  rowsOf,
  spendsFrom,
  transferText,
  valueText,
  wasBefore,
  writtenBy,
  writtenText,
} from '../operation-words.ts'
import { amountOf, mayBeSeen, rowsWhere } from '../sheets/sheet.ts'

/** The time in which the violation arose, and the nodes involved. */
export interface Gap {
  readonly from: number
  readonly to: number
  readonly calledAt: number
  /** The node with the impossible answer. `writer`: the node with the ignored change. */
  readonly culprit: string | undefined
  readonly writer: string | undefined
  readonly ignored?: OperationRow | undefined
}

export function gapOf(history: History, counterexample: Counterexample): Gap {
  const rows = rowsOf(counterexample)
  const { culprit } = counterexample
  if (culprit === undefined) return gapOfAll(history, rows)
  const writer = ignoredBy(history, rows, culprit)
  const calledAt = callTimeOf(history, culprit)
  return {
    from: Math.min(calledAt, writer === undefined ? calledAt : callTimeOf(history, writer)),
    to: endOf(history, culprit),
    calledAt,
    culprit: nodeOf(history, culprit),
    writer: writer === undefined || callEventOf(history, writer) < 0 ? undefined : nodeOf(history, writer),
    ignored: writer,
  }
}

/**
 * Returns the additions that a read may have seen, if the read shows more than their sum. One of these additions took
 * effect twice.
 */
export function doubledIn(history: History, { culprit }: Counterexample): readonly OperationRow[] {
  if (culprit === undefined || !isRead(history, culprit)) return []
  const [shown, { initial = 0 }] = [outputOf(history, culprit), history.header ?? {}]
  if (typeof shown !== 'number') return []
  const additions = rowsWhere(history, (row) => effectOf(history, row) === 'adds' && mayBeSeen(history, row, culprit))
  // In a user-defined model, an addition may add something other than a number.
  if (additions.some((row) => !['number', 'undefined'].includes(typeof (inputOf(history, row) ?? undefined)))) return []
  const most = additions.reduce((sum, row) => sum + Math.max(0, amountOf(history, row)), Number(initial ?? 0))
  return shown > most ? additions : []
}

/**
 * Returns the period in which a violation arose that has no single culprit, such as a cycle or final reads that
 * disagree.
 */
function gapOfAll(history: History, rows: readonly OperationRow[]): Gap {
  const calls = (some: readonly OperationRow[]): number[] => some.map((row) => callTimeOf(history, row))
  const changes = rows.filter((row) => !mayReturnValue(history, row))
  const finals = rows.filter((row) => isFinal(history, row))
  const from = finals.length > 0 && changes.length > 0 ? Math.max(...calls(changes)) : Math.min(...calls(rows))
  const to = Math.max(...rows.map((row) => endOf(history, row)))
  return { from, to, calledAt: to, culprit: undefined, writer: undefined }
}

const endOf = (history: History, row: OperationRow): number =>
  (hasReturned(history, row) ? history.operations.returnTime[row] : history.operations.callTime[row]) ?? 0

/**
 * Returns the newest change that was acknowledged before the culprit was called. If there is none, returns the newest
 * change that began before the culprit returned.
 */
function ignoredBy(history: History, rows: readonly OperationRow[], culprit: OperationRow): OperationRow | undefined {
  const { outcome } = history.operations
  // A message that was delivered again was not missed.
  const seen = seenBy(history, culprit)
  const end = hasReturned(history, culprit) ? returnEventOf(history, culprit) : Number.POSITIVE_INFINITY
  const { key } = history.operations
  const spent = spendsFrom(history, culprit)
  const ofKey = rows.filter((row) => key[row] === key[culprit])
  const changes = (ofKey.some((row) => row !== culprit && !mayReturnValue(history, row)) ? ofKey : rows)
    .filter((row) => row !== culprit && !mayReturnValue(history, row) && outcome[row] !== FAIL)
    .filter((row) => spent === undefined || spendsFrom(history, row) === spent)
    .filter((row) => callEventOf(history, row) < end && !seen.has(writtenText(history, row)))
    .sort((a, b) => callEventOf(history, b) - callEventOf(history, a))
  const before = (row: OperationRow): boolean => wasBefore(history, row, culprit)
  return (
    changes.find(before) ?? changes[0] ?? rows.findLast((row) => before(row) && isTakenAgain(history, row, culprit))
  )
}

/** Whether this operation had already taken an element that the culprit returned. */
function isTakenAgain(history: History, row: OperationRow, culprit: OperationRow): boolean {
  const { key } = history.operations
  if (row === culprit || !isTaking(history, row) || !isOk(history, row) || key[row] !== key[culprit]) return false
  return outputOf(history, row) !== null && seenBy(history, culprit).has(answeredText(history, row))
}

function seenBy(history: History, row: OperationRow): ReadonlySet<string | undefined> {
  if (!mayReturnValue(history, row)) return new Set()
  const answer = outputOf(history, row)
  const shown = functionOf(history, row) === 'drain' && Array.isArray(answer) ? answer : [answer]
  return new Set(shown.map((each) => JSON.stringify(each)))
}

/** Describes a change: `x = 743`, `the addition of 1 to x`, `7 in x`, or `p6's dequeue of 15`. */
export function changeText(history: History, row: OperationRow): string {
  if (isTaking(history, row))
    return `${clientOf(history, row)}'s ${functionOf(history, row)} of ${valueText(outputOf(history, row) ?? null, 24)}`
  const [key, value] = [keyOf(history, row), writtenBy(history, row)]
  if (history.header?.model === 'counter' && effectOf(history, row) === 'adds') {
    const amount = amountOf(history, row)
    const [what, way] = amount < 0 ? ['subtraction', 'from'] : ['addition', 'to']
    return `the ${what} of ${valueText(Math.abs(amount))}${ofKey(way, key)}`
  }
  const text = transferText(value) ?? valueText(value, 24)
  if (effectOf(history, row) === 'removes') return `the removal of ${text}${ofKey('from', key)}`
  if (key === undefined) return text
  return isReplacing(history, row) || effectOf(history, row) === 'acquires'
    ? `${nameText(key, 24)} = ${text}`
    : `${text} in ${nameText(key, 24)}`
}

/** Maximum number of steps of a completely shown cycle. */
const MOST_OF_CYCLE = 24

/**
 * Reduces a counterexample to `most` operations. Keeps the impossible operation and those that make it impossible, and
 * then the latest of the others. A cycle may have `MOST_OF_CYCLE` operations.
 */
export function decisive(history: History, counterexample: Counterexample, most: number): Counterexample {
  const { operations, culprit, edges } = counterexample
  if (edges !== undefined) return { ...counterexample, operations: operations.slice(-MOST_OF_CYCLE) }
  if (operations.length <= most) return counterexample
  const needed = new Set([culprit, reproach(history, counterexample)?.by, gapOf(history, counterexample).ignored])
  const others = operations.filter(({ operation }) => !needed.has(operation))
  const room = Math.max(0, most - (operations.length - others.length))
  const left = new Set(others.slice(0, others.length - room))
  return { ...counterexample, operations: operations.filter((operation) => !left.has(operation)) }
}
