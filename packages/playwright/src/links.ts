import type { TrafficFault } from '@chaosproxy/faults'

/** Heals a fault once, and resolves with its number of hits. */
export type Heal = () => Promise<number>

/** The links between pages and servers, each of which can suffer faults. */
export interface Links {
  /** The pages that a link may name. */
  readonly pages: readonly string[]
  /** The local port at which a page reaches a server. */
  portOf(page: string, server: string): number
  /** Opens the links of a page to every server, unless they are open. */
  join(page: string): Promise<void>
  /** @throws UserError (usage) for a fault that they cannot suffer. */
  inject(fault: TrafficFault): Promise<Heal>
  close(): Promise<void>
}
