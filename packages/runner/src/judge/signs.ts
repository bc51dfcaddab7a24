import { findModel } from '@chaosproxy/checker'
import { FAIL, type History, mayChange, type Tally } from '@chaosproxy/history'
import { withoutNews } from '@chaosproxy/workloads'
import { leftOutReads, readsOfNothing } from './left-out-reads.ts'

/** Evidence on whether a register history proves anything (see `proves`), from the operations on some of its keys. */
export interface Signs {
  /** Whether clients changed registers to different values, so that a stale read can be recognised. */
  readonly hasNews: boolean
  /** Whether a read that the check omits may have missed a write. */
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

/**
 * Whether some read was answered with "not found". If so, all operations of the read's key are needed to determine
 * `leavesOut`.
 */
export const hasReadNothing = (history: History): boolean => readsOfNothing(history).size > 0

/**
 * Whether a history of a register contains enough evidence to prove anything. `signs` summarizes the evidence for each
 * key. If the evidence is insufficient, `missingSuccesses` names what is missing.
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
