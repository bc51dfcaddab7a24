import type { Report } from '@chaosproxy/checker'
import type { History, Nanos } from '@chaosproxy/history'
import type { FaultRecord } from '@chaosproxy/runner/result'

export interface MeasureInput {
  readonly history: History
  readonly report: Report<string>
  /** Whether any operation observed something; if not, every level is met trivially. */
  readonly hasObserved: boolean
  readonly faults: readonly FaultRecord[]
  /** The time at which the faults were healed and clients had stopped. */
  readonly healedAt: Nanos
  /** The time after which a client gives up, and could try another node. */
  readonly timeoutNanos: Nanos
  readonly timeNanos: Nanos
}
