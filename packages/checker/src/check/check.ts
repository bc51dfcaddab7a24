import { type History, UserError, withRequestedValues } from '@chaosproxy/history'
import { checkClocks } from '../clocks/check-clocks.ts'
import { reportUnread } from '../judge/encoding-memory.ts'
import type { ModelEntry } from '../judge/entry.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import { checkVersions } from '../record/check-versions.ts'
import { withDoubts } from '../record/doubts.ts'
import { judgeableOf } from '../record/judgeable.ts'
import { withMisreading } from '../record/misreading.ts'
import { notRecorded } from '../verdict/reason.ts'
import { judgeProven } from './proven.ts'
import { entryFor } from './registry.ts'
import { requireUnderstood } from './understood.ts'

/**
 * Judges a history by all requested levels, within the given time and memory.
 *
 * If several clocks timed the history, times count only within the known bounds of the clocks (see `checkClocks`).
 *
 * Operations that the record may describe incompletely are left out; no level is then `met` (see `judgeableOf`). No
 * level is `met` for a history without operations either. Every order that shows `met` is replayed before it is
 * returned; a failed replay is a bug of the checker, and throws.
 *
 * @throws UserError for an unknown model, a level that does not belong to it, or an operation or option that it does
 * not know.
 */
export function check(history: History, options: CheckOptions): Report
export function check(history: History, options: CheckOptions<string>): Report<string>
export function check(history: History, options: CheckOptions<string>): Report<string> {
  const strange = Object.keys(options).find((name) => !Object.hasOwn(known, name))
  if (strange !== undefined)
    throw new UserError('usage', `check has no option ${strange}. Its options: ${Object.keys(known).join(', ')}.`)
  return checkBy(entryFor(options.model, history), history, options)
}

const known: { readonly [name in keyof Required<CheckOptions>]: true } = {
  ...{ model: true, initial: true, levels: true, failedCas: true, staleness: true, explain: true, assume: true },
  ...{ unit: true, proven: true, deadlineMs: true, memoryBytes: true, now: true, work: true },
}

export function checkBy(entry: ModelEntry<string>, recorded: History, options: CheckOptions<string>): Report<string> {
  const history = entry.isOwn === true ? withRequestedValues(recorded) : recorded
  requireLevels(entry, options.levels)
  requireUnderstood(history, entry)
  if (history.operations.length === 0) {
    // Validates the options even for an empty history.
    entry.judge.check(history, entry, options)
    return reportUnread(history, entry, options, NO_OPERATIONS)
  }
  const judge = (some: History, by: CheckOptions<string>): Report<string> => judged(some, entry, by)
  const versions = (some: History, by: CheckOptions<string>): Report<string> =>
    (entry.record.namesVersions === true ? checkVersions(some, by, judge) : undefined) ?? judge(some, by)
  const { clocks } = history
  const report =
    clocks === undefined ? versions(history, options) : checkClocks(clocks, history, entry, options, versions)
  return withMisreading(report, history, entry, options)
}

/** Judges the part of a history that can be judged in spite of the recorder's marks. */
function judged<Name extends string>(
  history: History,
  entry: ModelEntry<Name>,
  options: CheckOptions<Name>,
): Report<Name> {
  const { proven } = options
  const judge = (some: History): Report<Name> =>
    proven === undefined || history.clocks !== undefined
      ? entry.judge.check(some, entry, options)
      : judgeProven(proven, some, entry, options)
  const judgeable = judgeableOf(history, entry.record, options.initial)
  if (judgeable === undefined) return judge(history)
  return withDoubts(judge(judgeable.history), history, entry, judgeable)
}

/** An empty history would otherwise meet every level. */
const NO_OPERATIONS = notRecorded(
  'the history has no operations, so there is nothing to check. Record some, or check another file',
)

function requireLevels({ name, judge: { ladder } }: ModelEntry<string>, requested: readonly string[]): void {
  const other = requested.find((level) => !ladder.levels.includes(level))
  if (other === undefined) return
  const levels = ladder.levels.join(', ')
  throw new UserError('usage', `the ${name} model does not have the level "${other}". It has: ${levels}.`)
}
