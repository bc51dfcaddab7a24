import type { Registries } from '@chaosproxy/runner'
import { targetOf, workloadOf } from '@chaosproxy/targets'

/** Everything a spec can name: built-in targets and workloads, and the user's own files. */
export const registries: Registries = {
  target: targetOf,
  workload: workloadOf,
}
