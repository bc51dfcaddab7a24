import { ms, readObject, readParameters, text, wholeNumber } from '@chaosproxy/faults'
import { type Millis, millis, millisToNanos, nanosToMillis } from '@chaosproxy/history'
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
  const given = readParameters(parameters, readObject(value, where), where)
  const millisOf = (time: unknown): Millis => millis(Number(time))
  return {
    ...{ at: String(given['at']), until: String(given['until']), times: Number(given['times']) },
    from: millisToNanos(millisOf(given['fromMs'])),
    most: millisToNanos(millisOf(given['mostMs'])),
  }
}
