import type { NodeId } from '@chaosproxy/faults'

/** The moments at which a node is most vulnerable, such as just before it writes to disk. */
const moments = ['leads', 'persists', 'acknowledges', 'sends', 'rings', 'restarts'] as const
export type Moment = (typeof moments)[number]

/** A watch for the moments when a node is most vulnerable, so that a fault can strike at them. */
export interface MomentWatch {
  /** The moments to report. `notice` is not called for other moments, because moments occur at nearly every step. */
  readonly awaited: { readonly [moment in Moment]: boolean }
  notice(node: NodeId, moment: Moment): void
}

export const noWatch: MomentWatch = {
  awaited: { leads: false, persists: false, acknowledges: false, sends: false, rings: false, restarts: false },
  notice() {},
}
