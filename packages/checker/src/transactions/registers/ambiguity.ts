import { placeOf } from '../../encoding/operation-row.ts'
import type { TransactionRecord } from '../record/record.ts'
import { transactionOf } from '../told/counterexample.ts'
import { microText } from '../told/words.ts'
import type { Ambiguity } from './sources.ts'

/** Why nothing is met, and what to do about it. */
export function tellAmbiguity(record: TransactionRecord, { read, first, second }: Ambiguity): string {
  const place = (micro: number): string => placeOf(record.history, transactionOf(record, micro))
  const wrote = microText(record, first)
  return second < 0
    ? `a transaction ${wrote} (${place(first)}), which is the initial value, so a read of it (${place(read)}) does not show which it saw; write another value`
    : `two transactions ${wrote} (${place(first)} and ${place(second)}), so a read of it (${place(read)}) does not show which it saw; write each value to a key once`
}
