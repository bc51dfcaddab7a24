import type { Workload } from '@chaos/workloads'
import type { Target } from '../target.ts'

/** Where a run finds what its spec names. */
export interface Registries {
  /** @throws UserError (usage, input) for a name or a file that there is not. */
  target(name: string): Promise<Target>
  /** @throws UserError (usage, input) for a name or a file that there is not. */
  workload(name: string): Promise<Workload>
}
