import type { TcpFault } from '@chaosproxy/faults'

/** A fault in force. */
export interface InForce {
  readonly hits: number
  /** How much it might have hit, but could not: too long to be held, or not to be read. Absent where that cannot be. */
  readonly missed?: number
  /** Where it can be changed in place, keeping what its connections have been through; replaced otherwise. */
  update?(fault: TcpFault): void
  remove(): void
}
