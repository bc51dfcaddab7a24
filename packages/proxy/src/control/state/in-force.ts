import type { TcpFault } from '@chaosproxy/faults'
import type { HitRequest } from '../../link/rule.ts'

export interface InForce {
  readonly hits: number
  /** The requests that the fault hit last; absent if it does not hit requests. */
  readonly recent?: readonly HitRequest[]
  /** The number of times that the fault should have hit but could not. Absent for faults that never miss. */
  readonly missed?: number
  /** The latest reason. */
  readonly missedBecause?: string | undefined
  /** Changes the fault in place, and keeps the state of its connections. Absent if the fault can only be replaced. */
  update?(fault: TcpFault): void
  remove(): void
}
