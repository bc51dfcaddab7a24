import { type Millis, millisToNanos, type Ordering, UserError } from '@chaosproxy/history'
import { duration } from '@chaosproxy/runner'
import * as v from 'valibot'
import type { Option } from '../option.ts'
import { asDuration, asName, flag, ifTyped } from './declare.ts'

const HOUR_MS = 3_600_000
const NANOSECOND_MS = 1e-6

/** How the events of a history are read. */
export const readingOptions: {
  readonly keyed: Option<boolean | undefined>
  readonly order: Option<Ordering['by']>
  readonly clock: Option<Millis | undefined>
  readonly skew: Option<Millis | undefined>
} = {
  keyed: ifTyped(
    flag("values are pairs of a key and a value, as in Jepsen's independent tests [default: detected in EDN]"),
  ),
  order: asName(v.optional(v.picklist(['lines', 'time'])), 'order', {
    text: 'order of events: lines, as they stand, whatever their times; time, sorted by time',
    usual: 'lines, and their times must agree',
  }),
  clock: asDuration(v.optional(duration('resolution of the times; sorts by time', NANOSECOND_MS, HOUR_MS)), {
    usual: 'detected',
  }),
  skew: asDuration(v.optional(duration('how far clocks of two clients may differ; sorts by time', 0, HOUR_MS)), {
    usual: '0ms',
  }),
}

/** What was typed of the order of events. */
export interface TypedOrder {
  readonly order?: Ordering['by']
  readonly clock?: Millis | undefined
  readonly skew?: Millis | undefined
}

/** @throws UserError (usage) for options that contradict each other. */
export function orderingOf({ order, clock, skew }: TypedOrder): Ordering {
  const [name] = Object.entries({ clock, skew }).find(([, value]) => value !== undefined) ?? []
  if (name !== undefined && order === 'lines')
    throw new UserError('usage', `--${name}: with --order lines times do not count. Leave out one of them.`)
  return {
    by: name === undefined ? order : 'time',
    ...(clock === undefined ? {} : { clockNanos: millisToNanos(clock) }),
    ...(skew === undefined ? {} : { skewNanos: millisToNanos(skew) }),
  }
}
