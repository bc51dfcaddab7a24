import { didYouMean, UserError } from '@chaos/history'
import type { Registries } from '@chaos/runner'
import { targetOf } from '@chaos/targets'
import { findWorkload, workloadNames } from '@chaos/workloads'

/** Everything that a spec can name here: what comes with this program, and the user's own files. */
export const registries: Registries = {
  target: targetOf,
  async workload(name) {
    const workload = findWorkload(name)
    if (workload !== undefined) return workload
    throw new UserError(
      'usage',
      `there is no workload ${name}.${didYouMean(name, workloadNames)} Known: ${workloadNames.join(', ')}.`,
    )
  },
}
