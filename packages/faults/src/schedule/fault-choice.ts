import type { Json } from '@chaosproxy/history'

/**
 * What a run is told to suffer: the name of a nemesis, whose faults the seed decides, or one fault with its times, as a
 * schedule has it.
 */
export type FaultChoice = string | { readonly [member: string]: Json }

/** In a word, for people: the name, or the kind. */
export const nameOfChoice = (choice: FaultChoice): string =>
  typeof choice === 'string' ? choice : String(choice['kind'])
