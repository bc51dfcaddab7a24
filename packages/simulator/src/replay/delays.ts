import { ms, optional, readObject, readParameters, text, wholeNumber } from '@chaosproxy/faults'
import { millis, millisToNanos, type Nanos, nanos, nanosToMillis } from '@chaosproxy/history'
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
  const given = readParameters(parameters, readObject(value, where), where)
  const nanosOf = (time: unknown): Nanos => millisToNanos(millis(Number(time)))
  return {
    ...{ connection: String(given['connection']), from: String(given['from']), packet: Number(given['packet']) },
    takes: nanosOf(given['ms']),
    ...(given['leastMs'] === undefined ? {} : { least: nanosOf(given['leastMs']) }),
  }
}
