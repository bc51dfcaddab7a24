import type { Registries } from '@chaos/runner'
import { targetOf, workloadOf } from '@chaos/targets'

/** Everything that a spec can name here: what comes with this program, and the user's own files. */
export const registries: Registries = {
  target: targetOf,
  workload: workloadOf,
}
