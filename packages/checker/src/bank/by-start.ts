import type { History } from '@chaosproxy/history'
import type { ByStart } from '../judge/by-start.ts'
import { lateReadsInWords, readTooLate } from '../object/model/late-reads.ts'

/** Banks whose balances were first read after most of the money had been moved. */
export function bankByStart(history: History): ByStart {
  const late = readTooLate(
    history,
    (f) => f === 'read',
    () => true,
  )
  return {
    found: lateReadsInWords(history, 'bank', 'change', late),
    remedy: `Say what was there, such as --initial '{"a":10,"b":0}', or read it before the first change`,
  }
}
