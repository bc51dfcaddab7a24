/** Between two places: what a message and its answer take together, on an idle network. */
export interface Geography {
  readonly name: string
  readonly roundTripMs: number
}

/**
 * Round trips to try a system with, none of them measured here. `same-datacentre` and `california-netherlands` are those of
 * "Latency numbers every programmer should know" (J. Dean, P. Norvig). The others are approximate: of the order that the
 * distance suggests, with no source to cite. Who has figures of a network of their own gives `latencyMs` instead.
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
