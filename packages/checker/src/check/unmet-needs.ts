import { type History, OK } from '@chaosproxy/history'
import type { Need } from '../judge/entry.ts'
import type { CheckOptions } from '../judge/options.ts'
import { entryOf } from './registry.ts'

/** What a history lacks to prove anything: without an observation it meets every level, by any system. */
export function unmetNeeds(
  history: History,
  options: Pick<CheckOptions<string>, 'model' | 'initial' | 'failedCas'>,
): readonly Need[] {
  return entryOf(options.model).needs.filter((need) => !isMet(need, history, options))
}

function isMet(need: Need, history: History, options: Pick<CheckOptions<string>, 'initial' | 'failedCas'>): boolean {
  const { f, outcome, length } = history.operations
  const isOne = history.functions.map((name) => need.functions?.includes(name) ?? true)
  const meets = need.isMetBy?.(history, options) ?? ((row: number) => outcome[row] === OK)
  for (let row = 0; row < length; row++) if (isOne[f[row]] && meets(row)) return true
  return false
}
