import {
  type FaultChoice,
  type FaultPlan,
  geographies,
  type Link,
  linksBetween,
  type NodeId,
  nodeNames,
  printSchedule,
  type Schedule,
} from '@chaosproxy/faults'
import { type Millis, millis, millisToNanos, nanos } from '@chaosproxy/history'

/** The places of the nodes, assigned in turn. */
const PLACES = ['Virginia', 'California', 'Ireland'] as const
type Place = (typeof PLACES)[number]

/**
 * Round-trip times in milliseconds, from the geographies that faults use. California–Ireland is missing there, so it is
 * the sum of the two times to Virginia.
 */
const ROUND_TRIPS_MS: readonly (readonly [Place, Place, number])[] = [
  ['Virginia', 'California', 62],
  ['Virginia', 'Ireland', 70],
  ['California', 'Ireland', 132],
]

/** The prefix of the ids of faults that simulate the normal network of a run. */
const NETWORK = 'network-'

export const isTrouble = ({ id }: { readonly id: string }): boolean => !id.startsWith(NETWORK)

/** The network between the nodes of every compared system. Every client is at the place of its node. */
export interface NetworkPreset {
  readonly name: string
  /** One line. */
  readonly summary: string
  readonly schedule: (nodes: readonly NodeId[], timeMs: Millis) => Schedule
  /** Returns what a reader must know to understand the numbers. */
  readonly note?: ((nodes: readonly NodeId[]) => string) | undefined
}

const GIGABIT_BYTES_PER_SECOND = 125_000_000

/** All networks that `--network` can name. */
export const networks: readonly NetworkPreset[] = [
  { name: 'local', summary: 'adds no delay to the links of this machine or of the simulator', schedule: () => [] },
  {
    name: 'geo',
    summary: 'nodes in Virginia, California and Ireland in turn',
    schedule: placesApart,
    note: (nodes) =>
      `${nodes.map((node, i) => `${node} in ${PLACES[i % PLACES.length]}`).join(', ')}; round trips of 62, 70 and 132 ms (typical for such distances, not measured)`,
  },
  ...geographies.map(
    ({ name, roundTripMs }): NetworkPreset => ({
      name,
      summary: `a round trip of ${roundTripMs} ms between any two nodes`,
      schedule: (nodes, timeMs) => lasting(timeMs, [latencyPlan(everyLink(nodes), roundTripMs)]),
      note: () => `a round trip of ${roundTripMs} ms between any two nodes`,
    }),
  ),
  {
    name: 'gigabit',
    summary: '1 Gbps between any two nodes: 1 MB takes about 10 ms',
    schedule: (nodes, timeMs) =>
      lasting(timeMs, [{ kind: 'bandwidth', bytesPerSecond: GIGABIT_BYTES_PER_SECOND, links: everyLink(nodes) }]),
    note: () => '1 Gbps between any two nodes',
  },
]

const networkNamed = (name: string): NetworkPreset => {
  const network = networks.find((each) => each.name === name)
  if (network === undefined) throw new Error(`there is no network ${name}`)
  return network
}

export const networkFaults = (name: string, nodes: number, timeMs: Millis): readonly FaultChoice[] =>
  printSchedule(networkNamed(name).schedule(nodeNames(nodes), timeMs))

export const networkNotes = (name: string, sizes: readonly number[]): readonly string[] => [
  ...new Set(sizes.flatMap((nodes) => networkNamed(name).note?.(nodeNames(nodes)) ?? [])),
]

function placesApart(nodes: readonly NodeId[], timeMs: Millis): Schedule {
  const placed = nodes.map((node, i) => ({ node, place: PLACES[i % PLACES.length] }))
  return lasting(
    timeMs,
    ROUND_TRIPS_MS.flatMap(([one, other, roundTripMs]) => {
      const links = placed.flatMap((from) =>
        placed
          .filter((to) => (from.place === one && to.place === other) || (from.place === other && to.place === one))
          .map((to) => ({ from: from.node, to: to.node })),
      )
      return links.length === 0 ? [] : latencyPlan(links, roundTripMs)
    }),
  )
}

const everyLink = (nodes: readonly NodeId[]): readonly Link[] => linksBetween(nodes.map((node) => [node]))

/** Adds half of the round-trip time in each direction. */
const latencyPlan = (links: readonly Link[], roundTripMs: number): FaultPlan => ({
  kind: 'latency',
  latencyMs: millis(roundTripMs / 2),
  jitterMs: millis(roundTripMs / 40),
  distribution: 'uniform',
  links,
})

/** Returns faults that last from the start until the final reads. */
const lasting = (timeMs: Millis, plans: readonly FaultPlan[]): Schedule =>
  plans.flatMap((plan, i) =>
    'links' in plan && Array.isArray(plan.links) && plan.links.length === 0
      ? []
      : { id: `${NETWORK}${i + 1}`, from: nanos(0), to: millisToNanos(timeMs), plan },
  )
