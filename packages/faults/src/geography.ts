/** The round-trip time between two places, on an idle network. */
export interface Geography {
  readonly name: string
  readonly roundTripMs: number
}

/**
 * Round-trip times to try a system with, none of them measured here. `same-datacentre` and `california-netherlands`
 * come from "Latency numbers every programmer should know" (J. Dean, P. Norvig). The others only have the magnitude
 * that the distance suggests. For figures of a real network, use `latencyMs` instead.
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
