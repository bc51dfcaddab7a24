import type { History } from './history.ts'
import { FAIL, FLAG_ANSWERED, OK } from './history-columns.ts'

/** Whether it was carried out, or declined by the object itself: a refusal for want of a leader or quorum is no answer. */
export const isAnswered = ({ operations: { outcome, flags } }: History, row: number): boolean =>
  outcome[row] === OK || (outcome[row] === FAIL && ((flags[row] ?? 0) & FLAG_ANSWERED) !== 0)
