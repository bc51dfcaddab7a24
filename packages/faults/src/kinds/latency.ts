import { inputError } from '@chaosproxy/history'
import { defineFault } from '../definition/definition.ts'
import { choice, ms, optional, or, usually } from '../definition/parameter.ts'
import { type Members, quote } from '../definition/read-parameters.ts'

/** The round-trip time between two places, in milliseconds. */
export interface Geography {
  readonly name: string
  readonly roundTripMs: number
}

/**
 * Round-trip times for trying a system, not measured by this project. `same-datacentre` and `california-netherlands`
 * are from "Latency numbers every programmer should know" (J. Dean, P. Norvig). The other times only have the magnitude
 * that the distance suggests. For a real network, use `latencyMs`.
 */
export const geographies: readonly Geography[] = [
  { name: 'same-datacentre', roundTripMs: 0.5 },
  { name: 'neighbouring-zones', roundTripMs: 1.5 },
  { name: 'virginia-california', roundTripMs: 62 },
  { name: 'virginia-ireland', roundTripMs: 70 },
  { name: 'california-netherlands', roundTripMs: 150 },
  { name: 'ireland-singapore', roundTripMs: 175 },
  { name: 'virginia-sydney', roundTripMs: 200 },
]

const places = geographies.map(({ name }) => name)

/** Delays bytes. The end of a stream is not delayed further, except by `slow-close`. */
export const latency = defineFault({
  kind: 'latency',
  summary: 'delay bytes, keeping their order',
  parameters: {
    latencyMs: ms('the delay'),
    jitterMs: or(ms('jitter: ± this much'), 0),
    distribution: usually(
      choice(
        ['uniform', 'normal', 'pareto'],
        'uniform: ± the jitter; normal: the jitter is the standard deviation; pareto: it is the scale of a long tail',
      ),
      'uniform',
    ),
  },
  shorthands: {
    geography: optional(
      choice(places, 'instead of latencyMs: roughly half the usual round trip between two places, in each direction'),
    ),
  },
  expand(members: Members, where: string): Members {
    const { geography, ...others } = members
    if (geography === undefined || geography === null) return others
    const place = geographies.find(({ name }) => name === geography)
    if (place === undefined)
      throw inputError(`${where}: "geography" is ${quote(geography)}. Give one of ${places.join(', ')}.`)
    if (others['latencyMs'] !== undefined)
      throw inputError(`${where}: "latencyMs" and "geography" both set the delay of bytes. Give one of them.`)
    return { ...others, latencyMs: place.roundTripMs / 2 }
  },
  describe: ({ latencyMs, jitterMs }, links) => `${latencyMs} ± ${jitterMs} ms of delay on ${links}`,
})
