import type { Settings } from '@chaosproxy/workloads'

/** Returns whether operations read values before they write them. Other transactions may commit in between. */
export const readsBeforeWriting = (object: string, { transfers }: Settings): boolean =>
  object === 'transactions' || (object === 'bank' && transfers === 'read-then-write')

/** The anomaly that snapshot isolation allows, as a clause. */
export const SKEWED = 'at repeatable-read two transactions may each change what the other one has read'
