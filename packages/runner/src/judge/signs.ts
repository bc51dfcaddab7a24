import { findModel } from '@chaosproxy/checker'
import { FAIL, type History, mayChange, type Tally } from '@chaosproxy/history'
import { withoutNews } from '@chaosproxy/workloads'
import { leftOutReads, readsOfNothing } from './left-out-reads.ts'

/**
 * Properties of some keys of a history of registers, from which `proves` decides whether the history proves anything.
 */
export interface Signs {
  /** Whether some write can be distinguished from another. */
  readonly hasNews: boolean
  /** Whether omitted reads may have missed a write. */
  readonly leavesOut: boolean
}

export function signsOf(history: History): Signs {
  const { f, outcome, length } = history.operations
  const changing = history.functions.map(mayChange)
  let changes = false
  for (let row = 0; row < length && !changes; row++) changes = outcome[row] !== FAIL && changing[f[row] ?? -1] === true
  return {
    hasNews: changes && withoutNews(history).length === 0,
    leavesOut: leftOutReads(history).length > 0,
  }
}

/** Whether any read got "not found": `leavesOut` then depends on all operations of its key. */
export const hasReadNothing = (history: History): boolean => readsOfNothing(history).size > 0

/**
 * Whether a history of registers lacks nothing, judged by the signs of its keys. If it lacks something,
 * `missingSuccesses` says what.
 */
export function proves({ functions }: Tally, signs: readonly Signs[]): boolean {
  const succeeded = functions.filter(({ ok }) => ok > 0).map(({ f }) => f)
  const needs = findModel('register')?.needs ?? []
  return (
    needs.every((need) => need.functions?.some((f) => succeeded.includes(f)) ?? succeeded.length > 0) &&
    signs.some(({ hasNews }) => hasNews) &&
    !signs.some(({ leavesOut }) => leavesOut)
  )
}
