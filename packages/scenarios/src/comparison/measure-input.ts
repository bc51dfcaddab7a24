import type { Report } from '@chaosproxy/checker'
import { FLAG_FINAL, type History, type Nanos } from '@chaosproxy/history'
import type { FaultRecord } from '@chaosproxy/runner/result'

export interface MeasureInput {
  readonly history: History
  readonly report: Report<string>
  readonly hasObserved: boolean
  readonly faults: readonly FaultRecord[]
  /** The time at which the faults were healed and clients had stopped. */
  readonly healedAt: Nanos
  readonly timeoutNanos: Nanos
  readonly timeNanos: Nanos
}

/** Returns the operations that meet the condition, without the final reads. */
export function rowsWhere({ operations }: History, isWanted: (row: number) => boolean): number[] {
  const { length, flags } = operations
  const rows: number[] = []
  for (let row = 0; row < length; row++) if (((flags[row] ?? 0) & FLAG_FINAL) === 0 && isWanted(row)) rows.push(row)
  return rows
}
