import { count, ms, optional, probability, text } from './parameter.ts'

/** Parameters that count candidates of a fault, over the places that `of` names. */
export const counting = (noun: string, of = '') => ({
  probability: optional(probability(`of each ${noun} to be hit`)),
  nth: optional(count(`only this ${noun}${of}, counted from 1`, { least: 1 })),
  first: optional(count(`only the first ${noun}s${of}, this many`, { least: 1 })),
  every: optional(count(`only every nth ${noun}${of}`, { least: 1 })),
})

/** Times count from when the fault was applied. */
export const times = {
  fromMs: optional(ms('only from this long after it was applied')),
  untilMs: optional(ms('only until this long after it was applied')),
}

export const client = optional(text('only clients of this address or network (10.0.0.0/8)'))

/** The part of a trigger common to all families. */
export interface Trigger {
  readonly nth?: number | undefined
  readonly first?: number | undefined
  readonly every?: number | undefined
  readonly fromMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** Whether a fault applied this long ago is within its times. */
export const isTimely = ({ fromMs, untilMs }: Trigger, ageMs: number): boolean =>
  ageMs >= (fromMs ?? 0) && ageMs < (untilMs ?? Number.POSITIVE_INFINITY)

/** Whether the trigger fires for the nth candidate, counted from 1. */
export const isCounted = ({ nth, first, every }: Trigger, number: number): boolean =>
  (nth === undefined || number === nth) &&
  (first === undefined || number <= first) &&
  (every === undefined || number % every === 0)
