import type { History } from '@chaosproxy/history'
import { isUnknownStart } from '../encoding/unknown-start.ts'
import type { CheckOptions } from '../judge/options.ts'
import { judgeableOf } from '../record/judgeable.ts'
import { entryFor } from './registry.ts'

/**
 * The complaint about a history of which nobody knows the initial value, if that value alone explains some of it: then
 * a level that is met says nothing about what was lost, repeated or reordered there.
 */
export function decidedByStart(
  history: History,
  { model, initial }: Pick<CheckOptions, 'model' | 'initial'>,
): readonly string[] {
  if (!isUnknownStart(initial)) return []
  const { record } = entryFor(model, history)
  const { found, remedy } = record.byStart?.(judgeableOf(history, record, initial)?.history ?? history) ?? NOTHING
  const [first] = found
  if (first === undefined) return []
  const more = found.length === 1 ? '' : ` (and ${found.length - 1} more like it)`
  return [`${first}${more}. ${remedy}`]
}

const NOTHING = { found: [], remedy: '' }
