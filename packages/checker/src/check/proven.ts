import type { History } from '@chaosproxy/history'
import { asIn } from '../clocks/seen-by.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import { historyOfRows } from '../encoding/rows.ts'
import type { ModelEntry } from '../judge/entry.ts'
import { followsFrom } from '../judge/headline.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import { limitedTo } from '../limits/budget.ts'
import type { OnlineViolation } from '../online/checker.ts'
import { NOT_REQUESTED, type Reason } from '../verdict/reason.ts'
import { type Counterexample, MOST_OPERATIONS } from '../verdict/verdict.ts'

/**
 * The step limit for judging the proven violation. These steps take a fraction of a second, so they are allowed even
 * after the deadline.
 */
const STEPS = 2_000_000

/**
 * Judges a history that the online checker proved not linearizable. If the whole history cannot be decided in time, the
 * proven violation decides, because no later operation can repair it. The explanation is the operations on the violated
 * key or, if they are too many, the text of the online checker.
 */
export function judgeProven<Name extends string>(
  proven: OnlineViolation,
  history: History,
  entry: ModelEntry<Name>,
  options: CheckOptions<Name>,
): Report<Name> {
  const { ladder, check, headline } = entry.judge
  const report = check(history, entry, options)
  const level = options.levels.find((each) => each === 'linearizable')
  const verdict = level && report.levels[level]
  if (level === undefined || verdict?.result !== 'unknown') return report
  const row = history.operations.returnEvent.indexOf(proven.clientPosition)
  if (row === -1 || nameOfKey(history, row) !== proven.key) return report
  const within = { ...options, ...limitedTo(STEPS), levels: [level], staleness: false }
  const counterexample = upTo(row, history, entry, within) ?? counterexampleOf(proven, row, history, verdict.reason)
  const decided = { ...report.levels, [level]: { result: 'violated', counterexample } }
  const levels = followsFrom(ladder, decided, (open) => reasonOf(report, open))
  return { ...report, levels, headline: headline(levels, report.accounting) }
}

const nameOfKey = ({ keys, operations }: History, row: OperationRow): string | undefined => keys[operations.key[row]]

const reasonOf = <Name extends string>({ levels }: Report<Name>, level: Name): Reason => {
  const verdict = levels[level]
  return verdict.result === 'unknown' ? verdict.reason : NOT_REQUESTED
}

/**
 * Returns a contradiction among the operations on the key of `row` until `row` returned; undefined if none is found in
 * time.
 */
function upTo<Name extends string>(
  row: OperationRow,
  history: History,
  { judge, ...entry }: ModelEntry<Name>,
  options: CheckOptions<Name>,
): Counterexample | undefined {
  const { operations } = history
  const cut = operations.returnEvent[row]
  const rows = rowsOfKeyUntil(cut, row, history)
  const report = judge.check(historyOfRows(history, Array.from(rows), cut), { judge, ...entry }, options)
  const verdict = report.levels[options.levels[0]]
  return verdict.result === 'violated' ? asIn({ history, rows }, verdict.counterexample) : undefined
}

const rowsOfKeyUntil = (cut: number, like: OperationRow, { operations: { key, callEvent } }: History): Int32Array =>
  Int32Array.from(key.keys()).filter((row) => key[row] === key[like] && callEvent[row] <= cut)

function counterexampleOf(
  { sentence, key }: OnlineViolation,
  row: OperationRow,
  history: History,
  reason: Reason,
): Counterexample {
  const rows = Array.from(rowsOfKeyUntil(history.operations.returnEvent[row], row, history))
  const newest = rows.filter((each) => each !== row).slice(1 - MOST_OPERATIONS)
  return {
    level: 'linearizable',
    sentence,
    operations: [...newest, row]
      .sort((a, b) => a - b)
      .map((operation) => ({ operation, role: operation === row ? 'core' : 'context' })),
    keys: key === undefined ? [] : [key],
    culprit: row,
    uncut: { why: reason.kind === 'memory' ? 'memory' : 'time', among: rows.length, standsAlone: false },
  }
}
