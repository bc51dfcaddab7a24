import type { Settings } from '@chaosproxy/workloads'

/** Whether operations on the object read what they then write, so that others may commit in between. */
export const readsBeforeWriting = (object: string, { transfers }: Settings): boolean =>
  object === 'transactions' || (object === 'bank' && transfers === 'read-then-write')

/** What snapshots allow, as a clause of what settings give up. */
export const SKEWED = 'at repeatable-read two transactions may each change what the other one has read'
