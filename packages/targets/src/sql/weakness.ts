import type { Settings } from '@chaosproxy/workloads'

/**
 * Returns whether operations write values that depend on earlier reads. Between the read and the write, other
 * transactions may commit.
 */
export const readsBeforeWriting = (object: string, { transfers }: Settings): boolean =>
  object === 'transactions' || (object === 'bank' && transfers === 'read-then-write')

/** The anomaly that snapshot isolation allows, as a clause. */
export const SKEWED = 'at repeatable-read two transactions may each change what the other one has read'
