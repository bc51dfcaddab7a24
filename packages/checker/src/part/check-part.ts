import type { History } from '@chaosproxy/history'
import { check } from '../check/check.ts'
import { historyOfRows } from '../encoding/rows.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { checkBlame } from './blame.ts'
import { isPureRead, tellingOf } from './telling.ts'
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
 *   Of transactions outside the part, what they wrote is kept, and what they read is not.
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
  const telling = new Set(meant.filter(tellingOf(history, whole.model)))
  if (telling.size === 0) return unknown('none of these operations returned anything that could contradict others')
  if (verdict.result === 'met') return { result: 'met' }
  if (verdict.result === 'unknown') return unknown(verdict.reason.text)
  if (level === 'linearizable') return checkBlame(history, telling, options)
  return checkAlone(level, telling, (heard) => {
    const only = { ...options, levels: [level], staleness: false }
    if (whole.transactions !== undefined)
      return check(history, { ...only, blind: new Set(rows.filter((row) => !heard.has(row))) }).levels[level]
    const kept = rows.filter((row) => heard.has(row) || !isPureRead(history, row))
    return check(historyOfRows(history, kept), only).levels[level]
  })
}

/** `judge`: all changes, with only the reads of these operations. */
function checkAlone(
  level: string,
  telling: ReadonlySet<number>,
  judge: (heard: ReadonlySet<number>) => Verdict | undefined,
): PartVerdict {
  const alone = judge(telling)
  if (alone?.result === 'unknown') return unknown(alone.reason.text)
  if (alone?.result !== 'violated')
    return unknown(`the history is not ${level}, and it takes reads outside this part to show it`)
  const changes = judge(new Set())
  if (changes?.result === 'violated') return unknown('the changes contradict each other without any read')
  // What a recorder did not understand keeps a level from being met, but blames no change.
  if (changes?.result === 'unknown' && changes.reason.kind !== 'record') return unknown(changes.reason.text)
  return { result: 'violated', sentence: alone.counterexample.sentence }
}
