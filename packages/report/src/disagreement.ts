import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { answeredText, coreOf, isOk, isRead, wasBefore, writtenText } from './operation-words.ts'

/** Two reads that disagree about which write came last. */
interface Disagreement {
  /** The read that saw the write which the culprit missed. */
  readonly other: OperationRow
  readonly seen: OperationRow
}

/** Returns two reads that disagree about which of two overlapping writes came last. */
export function disagreementOf(history: History, counterexample: Counterexample): Disagreement | undefined {
  const { culprit, edges } = counterexample
  if (culprit === undefined || edges !== undefined || !isRead(history, culprit)) return undefined
  const core = coreOf(counterexample)
  const writes = core.filter((row) => !isRead(history, row) && isOk(history, row))
  const reads = core.filter((row) => isRead(history, row))
  const seenBy = (read: OperationRow): OperationRow | undefined =>
    writes.find((row) => writtenText(history, row) === answeredText(history, read))
  const isAfter = (read: OperationRow, write: OperationRow | undefined): boolean =>
    write !== undefined && wasBefore(history, write, read)
  const seen = seenBy(culprit)
  const other = reads.find((read) => {
    const others = seenBy(read)
    return others !== seen && isAfter(culprit, others) && isAfter(read, seen)
  })
  if (seen === undefined || other === undefined || core.length !== writes.length + reads.length) return undefined
  return { other, seen }
}
