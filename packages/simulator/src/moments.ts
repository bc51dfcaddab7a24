import type { NodeId } from '@chaosproxy/faults'

/**
 * When a node is most vulnerable: it has just become leader, has something to write to disk, or has just told a client
 * that its write is done; or it has just sent a message, acted on a timer, or started from its disk.
 */
export const moments = ['leads', 'persists', 'acknowledges', 'sends', 'rings', 'restarts'] as const
export type Moment = (typeof moments)[number]

/** Told when a node is at its weakest, so that it can exploit that. */
export interface MomentWatch {
  /** The moments it waits for. It is not told of others: they occur at nearly every step. */
  readonly awaited: { readonly [moment in Moment]: boolean }
  notice(node: NodeId, moment: Moment): void
}

/** A watch that waits for nothing. */
export const noWatch: MomentWatch = {
  awaited: { leads: false, persists: false, acknowledges: false, sends: false, rings: false, restarts: false },
  notice() {},
}
