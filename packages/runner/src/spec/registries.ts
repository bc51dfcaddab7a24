import type { Workload } from '@chaosproxy/workloads'
import type { Target } from '../target.ts'

/** Finds what a run's spec names. */
export interface Registries {
  /** @throws UserError (usage, input) for an unknown name or a missing file. */
  target(name: string): Promise<Target>
  /** @throws UserError (usage, input) for an unknown name or a missing file. */
  workload(name: string): Promise<Workload>
}
