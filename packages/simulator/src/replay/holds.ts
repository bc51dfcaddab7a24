import { ms, readObject, readParameters, text, wholeNumber } from '@chaosproxy/faults'
import { millisToNanos, nanosToMillis } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'

export type PlannedHold = NonNullable<Scenario['holds']>[number]

const parameters = {
  at: text('the await at which a request is held'),
  fromMs: ms('from this time on, the first request that reaches the await is held'),
  until: text('the await that other requests must pass before this one goes on'),
  times: wholeNumber('the number of requests that must pass', { least: 1, most: 1_000 }),
  mostMs: ms('the longest time for which the request is held'),
}

export const printPlannedHold = ({ at, from, until, times, most }: PlannedHold): object => ({
  ...{ at, fromMs: nanosToMillis(from), until, times, mostMs: nanosToMillis(most) },
})

/** @throws UserError (input) */
export function parsePlannedHold(value: unknown, where: string): PlannedHold {
  const { fromMs, mostMs, ...awaits } = readParameters(parameters, readObject(value, where), where)
  return { ...awaits, from: millisToNanos(fromMs), most: millisToNanos(mostMs) }
}
