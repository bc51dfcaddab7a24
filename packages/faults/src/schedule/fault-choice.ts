import type { Json } from '@chaosproxy/history'

/**
 * An item of `--faults`: the name of a nemesis, whose faults follow from the seed, or one fault of a schedule, with its
 * times.
 */
export type FaultChoice = string | { readonly [member: string]: Json }

/** The word for one fault of every kind that the target can suffer. */
export const ALL_FAULTS = 'all'

/** The name of the nemesis, or the kind of the fault. */
export const nameOfChoice = (choice: FaultChoice): string =>
  typeof choice === 'string' ? choice : String(choice['kind'])
