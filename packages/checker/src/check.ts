import { type History, UserError } from '@chaos/history'
import { reportUnread } from './encoding-memory.ts'
import type { ModelEntry } from './models/entry.ts'
import { entryOf } from './models/registry.ts'
import type { CheckOptions } from './options.ts'
import { withDoubts } from './record/doubts.ts'
import { judgeableOf } from './record/judgeable.ts'
import type { Report } from './report.ts'

/**
 * Judges a history by every level asked for, within the time and memory given.
 *
 * What the record says it lacks is left out, and then nothing is `met` (see `judgeableOf`), nor is it where there are no
 * operations. Every `met` by an order was replayed before it is returned; an order that fails its replay is a mistake of
 * this program, and throws.
 *
 * @throws UserError where there is no such model, or it is not judged by a level asked for, or does not know an operation of
 *   the history.
 */
export function check(history: History, options: CheckOptions): Report
export function check(history: History, options: CheckOptions<string>): Report<string>
export function check(history: History, options: CheckOptions<string>): Report<string> {
  const entry: ModelEntry<string> = entryOf(options.model)
  requireLevels(entry, options.levels)
  if (history.operations.length === 0) {
    // Options that make no sense are told all the same.
    entry.judge.check(history, entry, options)
    return reportUnread(history, entry, options, NO_OPERATIONS)
  }
  const judgeable = judgeableOf(history, entry.record, options.initial)
  if (judgeable === undefined) return entry.judge.check(history, entry, options)
  return withDoubts(entry.judge.check(judgeable.history, entry, options), history, entry, judgeable)
}

/** Anything could be said of them. */
const NO_OPERATIONS = 'the history has no operations, so that nothing was tried. Record some, or check another file'

function requireLevels({ name, judge: { ladder } }: ModelEntry<string>, asked: readonly string[]): void {
  const other = asked.find((level) => !ladder.levels.includes(level))
  if (other === undefined) return
  const levels = ladder.levels.join(', ')
  throw new UserError('usage', `the ${name} model is not judged by the level "${other}", but by: ${levels}.`)
}
