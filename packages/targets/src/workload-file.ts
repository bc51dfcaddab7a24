import { didYouMean, UserError } from '@chaos/history'
import { findWorkload, type Workload, workloadNames } from '@chaos/workloads'

/** @throws UserError (usage) where there is none of this name. */
export async function loadWorkload(reference: string): Promise<Workload> {
  const workload = findWorkload(reference)
  if (workload !== undefined) return workload
  throw new UserError(
    'usage',
    `there is no workload ${reference}.${didYouMean(reference, workloadNames)} Known: ${workloadNames.join(', ')}.`,
  )
}
