import { FLAG_FINAL, isAnswered } from '@chaosproxy/history'
import type { MeasureInput } from './measure-input.ts'

/** Enough to see a fault begin and end, few enough to be drawn in a cell of a table. */
const PARTS = 24

/** Answers a second in each part of the run's time, without the final reads. */
export function answersOverTime({ history, timeNanos }: MeasureInput): readonly number[] {
  const { length, returnTime, flags } = history.operations
  const counts: number[] = new Array(PARTS).fill(0)
  for (let row = 0; row < length; row++) {
    if (((flags[row] ?? 0) & FLAG_FINAL) !== 0 || !isAnswered(history, row)) continue
    const part = Math.floor(((returnTime[row] ?? 0) / timeNanos) * PARTS)
    // What was asked at the very end is answered after it.
    if (part < PARTS) counts[part] = (counts[part] ?? 0) + 1
  }
  return counts.map((count) => (count * PARTS * 1e9) / timeNanos)
}
