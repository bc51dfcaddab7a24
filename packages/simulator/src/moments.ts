import type { NodeId } from '@chaosproxy/faults'

/**
 * When a node is most vulnerable: it has just become leader, has something to write to disk, or has just told a client
 * that its write is done; or it has just sent a message, handled a timer, or started from its disk.
 */
const moments = ['leads', 'persists', 'acknowledges', 'sends', 'rings', 'restarts'] as const
export type Moment = (typeof moments)[number]

/** Called when a node is most vulnerable, so that a fault can strike then. */
export interface MomentWatch {
  /** The moments it waits for. It is not called for others, which occur at nearly every step. */
  readonly awaited: { readonly [moment in Moment]: boolean }
  notice(node: NodeId, moment: Moment): void
}

export const noWatch: MomentWatch = {
  awaited: { leads: false, persists: false, acknowledges: false, sends: false, rings: false, restarts: false },
  notice() {},
}
