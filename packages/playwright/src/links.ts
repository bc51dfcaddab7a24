import type { TrafficFault } from '@chaosproxy/faults'

/** Heals a fault, once, and resolves to how often it took effect. */
export type Heal = () => Promise<number>

/** The links between pages and servers, each of which can suffer faults. */
export interface Links {
  /** Those that a link may name beside servers. */
  readonly pages: readonly string[]
  /** The port of this machine at which a page finds a server. */
  portOf(page: string, server: string): number
  /** Opens the links of a page to every server, if there are none yet. */
  join(page: string): Promise<void>
  /** @throws UserError (usage) for a fault that they cannot suffer. */
  inject(fault: TrafficFault): Promise<Heal>
  close(): Promise<void>
}
