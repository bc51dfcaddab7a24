import { ms, optional, readObject, readParameters, text, wholeNumber } from '@chaosproxy/faults'
import { millisToNanos, type Nanos, nanos, nanosToMillis } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'

export type PlannedDelay = NonNullable<Scenario['delays']>[number]

export const USUAL_DELAY: Nanos = nanos(500_000)

const parameters = {
  connection: text('the connection: who dialled whom, and its number'),
  from: text('the end that sent the packet'),
  packet: wholeNumber('the number of the packet from this end'),
  ms: ms('the delay of the packet'),
  leastMs: optional(ms('the least delay that matters')),
}

export const printPlannedDelay = ({ connection, from, packet, takes, least }: PlannedDelay): object => ({
  ...{ connection, from, packet, ms: nanosToMillis(takes) },
  ...(least === undefined ? {} : { leastMs: nanosToMillis(least) }),
})

/** @throws UserError (input) */
export function parsePlannedDelay(value: unknown, where: string): PlannedDelay {
  const { leastMs, ms: takesMs, ...packet } = readParameters(parameters, readObject(value, where), where)
  return {
    ...packet,
    takes: millisToNanos(takesMs),
    ...(leastMs === undefined ? {} : { least: millisToNanos(leastMs) }),
  }
}
