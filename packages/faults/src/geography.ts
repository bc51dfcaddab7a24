/** Between two places: what a message and its answer take together, on an idle network. */
export interface Geography {
  readonly name: string
  readonly roundTripMs: number
}

/**
 * Typical round trips. `same-datacentre` and `california-netherlands` are those of "Latency numbers every programmer should know"
 * (J. Dean, P. Norvig); the others are medians that cloud providers publish between their regions, rounded.
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
