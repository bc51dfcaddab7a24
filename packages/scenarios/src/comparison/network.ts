import { type FaultChoice, nodeNames, printSchedule, type Schedule } from '@chaosproxy/faults'
import { type Millis, millis, millisToNanos, nanos } from '@chaosproxy/history'

/** Where nodes stand in turn, and the round trips between the places, in milliseconds. */
const PLACES = ['Virginia', 'California', 'Ireland'] as const
type Place = (typeof PLACES)[number]

/**
 * As in the geographies of faults. Between California and Ireland, the path through Virginia is taken as the round trip:
 * there is no figure of its own.
 */
const ROUND_TRIPS_MS: readonly (readonly [Place, Place, number])[] = [
  ['Virginia', 'California', 62],
  ['Virginia', 'Ireland', 70],
  ['California', 'Ireland', 132],
]

/** Ids of the faults that make up a network begin with this: they are no trouble, but the way things are. */
const NETWORK = 'network-'

export const isTrouble = ({ id }: { readonly id: string }): boolean => !id.startsWith(NETWORK)

/** Latencies between nodes of different places, for all of the run. Clients stand beside the node they ask. */
export function geoFaults(nodes: number, timeMs: Millis): readonly FaultChoice[] {
  const placed = nodeNames(nodes).map((node, i) => ({ node, place: PLACES[i % PLACES.length] }))
  const schedule: Schedule = ROUND_TRIPS_MS.flatMap(([one, other, roundTripMs], i) => {
    const links = placed.flatMap((from) =>
      placed
        .filter((to) => (from.place === one && to.place === other) || (from.place === other && to.place === one))
        .map((to) => ({ from: from.node, to: to.node })),
    )
    if (links.length === 0) return []
    return {
      id: `${NETWORK}${i + 1}`,
      from: nanos(0),
      // Until all has been read: whoever heals the run heals this too.
      to: millisToNanos(timeMs),
      plan: {
        kind: 'latency',
        latencyMs: millis(roundTripMs / 2),
        jitterMs: millis(roundTripMs / 40),
        distribution: 'uniform',
        links,
      },
    }
  })
  return printSchedule(schedule)
}

export const geoText = (nodes: number): string =>
  `${nodeNames(nodes)
    .map((node, i) => `${node} in ${PLACES[i % PLACES.length]}`)
    .join(', ')}; round trips of 62, 70 and 132 ms, by the magnitude of the distances, not measured`
