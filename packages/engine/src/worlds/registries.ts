import type { Registries } from '@chaosproxy/runner'
import { workloadOf } from '@chaosproxy/targets/named'
import { targetNamed } from './registry.ts'

/** The registries of everything that a spec can name: built-in targets and workloads, and the user's own files. */
export const registries: Registries = {
  target: targetNamed,
  workload: workloadOf,
}
