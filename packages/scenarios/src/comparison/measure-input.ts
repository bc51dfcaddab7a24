import type { Report } from '@chaosproxy/checker'
import type { History, Nanos } from '@chaosproxy/history'
import type { FaultRecord } from '@chaosproxy/runner/result'

export interface MeasureInput {
  readonly history: History
  readonly report: Report<string>
  /** Whether any operation observed something: otherwise every level is met, by any system. */
  readonly hasObserved: boolean
  readonly faults: readonly FaultRecord[]
  /** When the faults were healed and clients had stopped. */
  readonly healedAt: Nanos
  /** How long a client waits, and so would try elsewhere. */
  readonly timeoutNanos: Nanos
  readonly timeNanos: Nanos
}
