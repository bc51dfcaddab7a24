import type { Report } from '@chaosproxy/checker'
import type { History, Nanos } from '@chaosproxy/history'
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
