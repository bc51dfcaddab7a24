import type { TrafficFault } from '@chaosproxy/faults'

/** Heals a fault once, and resolves with its number of hits. */
export type Heal = () => Promise<number>

/** The links between pages and servers. Each link can suffer faults. */
export interface Links {
  readonly pages: readonly string[]
  portOf(page: string, server: string): number
  join(page: string): Promise<void>
  /** @throws UserError (usage) for a fault that these links cannot suffer. */
  inject(fault: TrafficFault): Promise<Heal>
  close(): Promise<void>
}
