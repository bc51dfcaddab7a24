import { type Counterexample, type LostWrite, levels, type OperationRow, type Report } from '@chaosproxy/checker'
import { FAIL, type History, inputOf, type Json, OK, outputOf, plural } from '@chaosproxy/history'
import { counterexampleOf } from '../facts/accused.ts'
import {
  functionOf,
  hasReturned,
  isFinal,
  isRead,
  keyOf,
  nameText,
  nodeOf,
  processText,
  valueText,
} from '../operation-words.ts'
import type { FindLoss, Loss } from './loss.ts'

/** `p2's confirmed write to x is gone`, a change that is lost, or a confirmed write that a later read did not see. */
export const registerLoss: FindLoss = ({ history, report, counterexample }) =>
  goneForGood(history, report.lost) ??
  changedTwice(history, counterexample) ??
  effectWithoutCause(history, report, counterexample) ??
  unseen(history, report, counterexample)

/** Of several last writes to a key that overlapped, one might have replaced the others: each key has lost one at least. */
function goneForGood(history: History, lost: readonly LostWrite[]): Loss | undefined {
  const [first] = lost
  if (first === undefined) return undefined
  const keys = new Set(lost.map(({ key }) => key)).size
  if (lost.length > 1)
    return {
      title: `${keys < lost.length ? 'At least ' : ''}${plural(keys, 'acknowledged write')} ${keys === 1 ? 'was' : 'were'} lost`,
      level: 'eventual',
    }
  const to = first.key === undefined ? '' : ` to ${nameText(first.key, 24)}`
  return { title: `${clientOf(history, first.operation)}'s confirmed write${to} is gone`, level: 'eventual' }
}

/** Two clients who both changed a value that was there once: the contradiction is they, and whoever wrote the value. */
function changedTwice(history: History, { culprit, operations, keys }: Counterexample): Loss | undefined {
  if (culprit === undefined || history.operations.outcome[culprit] !== OK) return undefined
  const from = replacedText(history, culprit)
  const core = operations.filter(({ role, operation }) => role === 'core' && operation !== culprit)
  const other = core.find(({ operation }) => replacedText(history, operation) === from)?.operation
  const others = core.filter(({ operation }) => operation !== other)
  const isWriterOf = (row: OperationRow): boolean => !isRead(history, row) && writtenText(history, row) === from
  if (from === undefined || other === undefined || history.operations.outcome[other] !== OK) return undefined
  if (others.length > 1 || !others.every(({ operation }) => isWriterOf(operation))) return undefined
  const [one, two] = [clientOf(history, other), clientOf(history, culprit)]
  const [key] = keys
  const what = key === undefined ? '' : ` ${nameText(key, 24)}`
  const who = one === two ? `${one} twice` : `${one} and ${two} both`
  return { title: `${who} changed${what} from ${nameText(from, 24)}, and one change is lost` }
}

/** `p2 saw p1's comment, but not its photo`: a client that knew of a change to one key missed the one before it. */
function effectWithoutCause(history: History, report: Report, asked: Counterexample): Loss | undefined {
  const others = [counterexampleOf(report, 'causal'), ...levels.map((level) => counterexampleOf(report, level))]
  for (const counterexample of [asked, ...others]) {
    const title = counterexample === undefined ? undefined : missingCause(history, counterexample)
    if (title !== undefined) return { title, level: counterexample?.level ?? '' }
  }
  return undefined
}

/** A longer story is harder to follow than the old value alone. */
const MOST_IN_A_TITLE = 6

function missingCause(history: History, { culprit, ...counterexample }: Counterexample): string | undefined {
  const edges = (counterexample.edges ?? []).flatMap((edge) => [edge, ...(edge.shownBy?.chain ?? [])])
  const core = counterexample.operations.filter(({ role }) => role === 'core').length
  if (culprit === undefined || !isRead(history, culprit) || core > MOST_IN_A_TITLE) return undefined
  const [wanted, known] = [
    keyOf(history, culprit),
    edges.find(({ reason, after }) => reason === 'reads from' && isSameClient(history, after, culprit)),
  ]
  const seen = known === undefined ? undefined : keyOf(history, known.before)
  if (wanted === undefined || known === undefined || seen === undefined || seen === wanted) return undefined
  const missed =
    edges.find(({ reason, before }) => reason === 'overwritten after' && before === culprit)?.after ??
    edges.find(({ reason, shownBy }) => reason === 'overwritten before' && shownBy?.read === culprit)?.before
  if (missed === undefined || keyOf(history, missed) !== wanted || isSameClient(history, missed, culprit))
    return undefined
  const [reader, author, writer] = [culprit, known.before, missed].map((row) => clientOf(history, row))
  const whose = writer === author ? 'its' : `${writer}'s`
  return `${reader} saw ${author}'s ${nameText(seen, 24)}, but not ${whose} ${nameText(wanted, 24)}`
}

/** What a cas says it replaced; undefined for all other operations. */
function replacedText(history: History, row: OperationRow): string | undefined {
  const input = inputOf(history, row)
  return functionOf(history, row) === 'cas' && Array.isArray(input) ? JSON.stringify(input[0] ?? null) : undefined
}

/**
 * A read that began after a write had been acknowledged, or seen by another read, and returned a value that had surely
 * been replaced by it: all that wrote this value had returned before that write was called.
 */
function unseen(history: History, report: Report<string>, { culprit, edges }: Counterexample): Loss | undefined {
  if (culprit === undefined || edges !== undefined || !isRead(history, culprit) || isFinal(history, culprit))
    return undefined
  const { operations } = history
  const rows = rowsOfKey(history, culprit)
  if (rows === undefined || operations.outcome[culprit] !== OK) return undefined
  if (isImpossibleAlone(report, culprit)) return fromNowhere(history, rows, culprit)
  const settled = settledAt(history, rows, outputOf(history, culprit))
  const called = operations.callEvent[culprit] ?? 0
  const isNewer = (row: OperationRow): boolean => (operations.callEvent[row] ?? 0) > settled
  const writes = rows.filter((row) => !isRead(history, row) && isNewer(row) && operations.outcome[row] !== FAIL)
  const isBefore = (row: OperationRow): boolean =>
    operations.outcome[row] === OK && (operations.returnEvent[row] ?? 0) < called
  const confirmed = writes.findLast(isBefore)
  const reader = clientOf(history, culprit)
  const node = nodeOf(history, culprit)
  if (confirmed !== undefined) {
    if (isSameClient(history, confirmed, culprit)) return { title: `${reader} did not see its own confirmed write` }
    const writer = clientOf(history, confirmed)
    return {
      title:
        node === undefined
          ? `${reader} did not see ${writer}'s confirmed write`
          : `${writer}'s confirmed write was missing at ${nameText(node, 24)}`,
    }
  }
  const values = new Set(writes.map((row) => writtenText(history, row)))
  const saw = rows.findLast(
    (row) =>
      isRead(history, row) && isBefore(row) && isNewer(row) && values.has(JSON.stringify(outputOf(history, row))),
  )
  if (saw === undefined) return undefined
  return {
    title: isSameClient(history, saw, culprit)
      ? `${reader}'s reads went back in time`
      : `${reader} did not see a write that ${clientOf(history, saw)} had already read`,
  }
}

/** Whether a read is wrong whatever else happened: then nothing that could have taken effect wrote its value, nor was it there at first. */
const isImpossibleAlone = ({ levels }: Report<string>, culprit: OperationRow): boolean =>
  Object.values(levels).some((verdict) => {
    if (verdict.result !== 'violated') return false
    const core = verdict.counterexample.operations.filter(({ role }) => role === 'core')
    return core.length === 1 && core[0]?.operation === culprit
  })

function fromNowhere(history: History, rows: readonly OperationRow[], culprit: OperationRow): Loss {
  const value = outputOf(history, culprit)
  const text = JSON.stringify(value)
  const reader = clientOf(history, culprit)
  const hasFailed = rows.some(
    (row) => !isRead(history, row) && history.operations.outcome[row] === FAIL && writtenText(history, row) === text,
  )
  if (hasFailed) return { title: `${reader} read a write that had failed` }
  return { title: `${reader} read ${valueText(value, 24)}, which nobody had written` }
}

/** The operations on the culprit's key in order of call; undefined if some are not reads and writes of whole values. */
function rowsOfKey(history: History, culprit: OperationRow): readonly OperationRow[] | undefined {
  const { length, key, callEvent } = history.operations
  const rows: OperationRow[] = []
  for (let row = 0; row < length; row++) {
    if (key[row] !== key[culprit]) continue
    if (!isRead(history, row) && !WHOLE.has(functionOf(history, row))) return undefined
    rows.push(row)
  }
  return rows.sort((a, b) => (callEvent[a] ?? 0) - (callEvent[b] ?? 0))
}

const WHOLE: ReadonlySet<string> = new Set(['write', 'cas', 'put'])

/** When the last writer of a value had returned: -1 for one that nobody wrote, infinity if nobody knows. */
function settledAt(history: History, rows: readonly OperationRow[], value: Json): number {
  const { outcome, returnEvent } = history.operations
  const text = JSON.stringify(value)
  let settled = -1
  for (const row of rows) {
    if (isRead(history, row) || outcome[row] === FAIL || writtenText(history, row) !== text) continue
    settled =
      outcome[row] === OK && hasReturned(history, row)
        ? Math.max(settled, returnEvent[row] ?? 0)
        : Number.POSITIVE_INFINITY
    if (settled === Number.POSITIVE_INFINITY) return settled
  }
  return settled
}

/** What it writes: of a cas, the second of its two values. */
function writtenText(history: History, row: OperationRow): string {
  const input = inputOf(history, row)
  return JSON.stringify(functionOf(history, row) === 'cas' && Array.isArray(input) ? (input.at(-1) ?? null) : input)
}

const clientOf = (history: History, row: OperationRow): string =>
  processText(history, history.operations.process[row] ?? 0)

const isSameClient = ({ operations, sessionOf }: History, one: OperationRow, other: OperationRow): boolean =>
  sessionOf(operations.process[one] ?? 0) === sessionOf(operations.process[other] ?? 0)
