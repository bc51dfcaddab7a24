import type { History } from '@chaosproxy/history'
import type { ByStart } from '../judge/by-start.ts'
import { lateReadsInWords, readTooLate } from '../object/model/late-reads.ts'
import { counterNumbers, READ } from './operations.ts'

/** Counters that were first read after most of what was added to them. */
export function counterByStart(history: History): ByStart {
  const { input } = history.operations
  const zero: number = history.values.id(0)
  const late = readTooLate(
    history,
    (f) => counterNumbers[f] === READ,
    (row) => input[row] !== zero,
  )
  return {
    found: lateReadsInWords(history, 'counter', 'addition', late),
    remedy: 'Say what was there with --initial 0, or read it before the first addition',
  }
}
