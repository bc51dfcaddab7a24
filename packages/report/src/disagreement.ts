import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { type History, OK } from '@chaosproxy/history'
import { answeredText, coreOf, isRead, writtenText } from './operation-words.ts'

/** Two reads that disagree about which write came last. */
export interface Disagreement {
  /** The read that saw the write which the culprit missed. */
  readonly other: OperationRow
  readonly seen: OperationRow
}

/** Returns two reads that disagree about which of two overlapping writes came last. */
export function disagreementOf(history: History, counterexample: Counterexample): Disagreement | undefined {
  const { culprit, edges } = counterexample
  if (culprit === undefined || edges !== undefined || !isRead(history, culprit)) return undefined
  const { callEvent, returnEvent, outcome } = history.operations
  const core = coreOf(counterexample)
  const writes = core.filter((row) => !isRead(history, row) && outcome[row] === OK)
  const reads = core.filter((row) => isRead(history, row))
  const seenBy = (read: OperationRow): OperationRow | undefined =>
    writes.find((row) => writtenText(history, row) === answeredText(history, read))
  const isAfter = (read: OperationRow, write: OperationRow | undefined): boolean =>
    write !== undefined && (callEvent[read] ?? 0) > (returnEvent[write] ?? 0)
  const seen = seenBy(culprit)
  const other = reads.find((read) => {
    const others = seenBy(read)
    return others !== seen && isAfter(culprit, others) && isAfter(read, seen)
  })
  if (seen === undefined || other === undefined || core.length !== writes.length + reads.length) return undefined
  return { other, seen }
}
