import type { TcpFault } from '@chaosproxy/faults'
import type { HitRequest } from '../../link/rule.ts'

export interface InForce {
  readonly hits: number
  /** The requests hit last; absent for other faults. */
  readonly recent?: readonly HitRequest[]
  /** How often the fault should have hit but could not; absent if it never misses. */
  readonly missed?: number
  /** The latest reason. */
  readonly missedBecause?: string | undefined
  /** Changes the fault in place, and keeps its connections' state. Absent if it can only be replaced. */
  update?(fault: TcpFault): void
  remove(): void
}
