import type { Registries } from '@chaosproxy/runner'
import { workloadOf } from '@chaosproxy/targets'
import { anyTargetOf } from '../service/target.ts'

/** Everything a spec can name: built-in targets and workloads, and the user's own files. */
export const registries: Registries = {
  target: anyTargetOf,
  workload: workloadOf,
}
