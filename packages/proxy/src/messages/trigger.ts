import type { MessageTrigger } from '@chaos/faults'

/** What triggers of messages and of streams have in common. */
type Counted = Pick<MessageTrigger, 'nth' | 'first' | 'every' | 'fromMs' | 'untilMs'>

/** Whether the fault, of this age, is in its time. */
export const isTimely = ({ fromMs, untilMs }: Counted, ageMs: number): boolean =>
  ageMs >= (fromMs ?? 0) && ageMs < (untilMs ?? Number.POSITIVE_INFINITY)

/** Whether it is for what has this number among all that it could be for, from 1. */
export const isCounted = ({ nth, first, every }: Counted, number: number): boolean =>
  (nth === undefined || number === nth) &&
  (first === undefined || number <= first) &&
  (every === undefined || number % every === 0)
