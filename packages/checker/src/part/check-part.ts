import type { History } from '@chaosproxy/history'
import { check } from '../check/check.ts'
import { historyOfRows } from '../encoding/rows.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import { checkBlame } from './blame.ts'
import { isPureRead, isTelling } from './telling.ts'
import { type PartVerdict, unknown } from './verdict.ts'

/** A level, and the operations that it is asked of. */
export interface PartQuestion {
  readonly level: string
  readonly isMeant: (row: number) => boolean
}

/**
 * Whether some of the operations of a history meet a level, such as the reads during partitions. Operations outside the
 * part are never ignored, since it is their writes that those in the part read:
 *
 * - Met if the whole history meets the level.
 * - `linearizable` is closed under prefixes, so each contradiction is blamed on the operation whose return completed it.
 *   A read outside the part that is to blame is set aside, and what follows is judged without it. Violated if an operation
 *   of the part is to blame; met if none is.
 * - Every other level is violated if all changes and only those reads that are in the part contradict each other, and the
 *   changes alone do not. It is never met if the whole history violates it: reads outside the part also order the writes.
 *
 * Everything else is `unknown`, as is a part in which no operation returned anything that could contradict others.
 *
 * @param whole the verdicts on the whole history.
 */
export function checkPart(
  history: History,
  whole: Report<string>,
  part: PartQuestion,
  options: CheckOptions<string>,
): PartVerdict {
  const { level } = part
  const verdict = whole.levels[level]
  if (verdict === undefined) return unknown(`${level} was not decided`)
  const rows = Array.from(history.operations.outcome, (_, row) => row)
  const meant = rows.filter(part.isMeant)
  if (meant.length === 0) return unknown('no such operation was called')
  const telling = new Set(meant.filter((row) => isTelling(history, row, whole.model)))
  if (telling.size === 0) return unknown('none of these operations returned anything that could contradict others')
  if (verdict.result === 'met') return { result: 'met' }
  if (verdict.result === 'unknown') return unknown(verdict.reason.text)
  return level === 'linearizable' ? checkBlame(history, telling, options) : checkAlone(history, level, telling, options)
}

/** All changes, with only those reads that are meant. */
function checkAlone(
  history: History,
  level: string,
  telling: ReadonlySet<number>,
  options: CheckOptions<string>,
): PartVerdict {
  const rows = Array.from(history.operations.outcome, (_, row) => row)
  const only = { ...options, levels: [level], staleness: false }
  const judge = (kept: readonly number[]) => check(historyOfRows(history, kept), only).levels[level]
  const changes = rows.filter((row) => !isPureRead(history, row))
  const alone = judge(rows.filter((row) => telling.has(row) || !isPureRead(history, row)))
  if (alone?.result === 'unknown') return unknown(alone.reason.text)
  if (alone?.result !== 'violated')
    return unknown(`the history is not ${level}, and it takes reads outside this part to show it`)
  if (judge(changes)?.result !== 'met') return unknown(`the changes contradict each other without any read`)
  return { result: 'violated', sentence: alone.counterexample.sentence }
}
