import type { TcpFault } from '@chaosproxy/faults'
import type { HitRequest } from '../../link/rule.ts'

export interface InForce {
  readonly hits: number
  /** The requests that it hit last, if it hits requests. */
  readonly recent?: readonly HitRequest[]
  /** How often it should have hit but could not. Absent for faults that never miss. */
  readonly missed?: number
  /** The latest reason. */
  readonly missedBecause?: string | undefined
  /** Changes the fault in place, keeping the state of its connections. Absent if it can only be replaced. */
  update?(fault: TcpFault): void
  remove(): void
}
