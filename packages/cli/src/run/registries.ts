import type { Registries } from '@chaosproxy/runner'
import { targetOf, workloadOf } from '@chaosproxy/targets'

/** Everything that a spec can name here: what comes with this program, and the user's own files. */
export const registries: Registries = {
  target: targetOf,
  workload: workloadOf,
}
