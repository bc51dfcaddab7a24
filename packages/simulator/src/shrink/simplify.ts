import { type Fault, httpFamily, messageFamily, type NodeId, nodeNames, placesOf } from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import type { PlannedFault, Scenario } from '@chaosproxy/runner'
import type { PlannedHold } from '../replay/holds.ts'

type Change = (scenario: Scenario) => Scenario | undefined

const FEWEST_NODES = 3

/** Removes the last nodes and their faults. Their operations move to the remaining nodes. */
export function* fewerNodes(scenario: Scenario): Iterable<Change> {
  for (let count = FEWEST_NODES; count < scenario.nodes; count++) yield (current) => withNodes(current, count)
}

function withNodes(scenario: Scenario, count: number): Scenario | undefined {
  if (count >= scenario.nodes) return undefined
  const names = nodeNames(count)
  const left = new Set<string>([...names, ...(scenario.besides ?? []), 'clients'])
  return {
    ...scenario,
    nodes: count,
    operations: scenario.operations.map((operation) =>
      left.has(operation.node) ? operation : { ...operation, node: replacement(operation.node, names) },
    ),
    faults: scenario.faults.flatMap((planned) => {
      const fault = among(planned.fault, left)
      return fault === undefined ? [] : [{ ...planned, fault }]
    }),
  }
}

/** Maps a node to one of the remaining nodes. If three nodes remain, `n4` becomes `n1`, and `n5` becomes `n2`. */
const replacement = (node: NodeId, names: readonly NodeId[]): NodeId =>
  names[(Number.parseInt(node.slice(1), 10) - 1) % names.length] ?? node

function among(fault: Fault, left: ReadonlySet<string>): Fault | undefined {
  if ('nodes' in fault) {
    const nodes = fault.nodes.filter((node) => left.has(node))
    return nodes.length === 0 ? undefined : { ...fault, nodes }
  }
  const links = fault.links.filter(({ from, to }) => left.has(from) && left.has(to))
  return links.length === 0 ? undefined : { ...fault, links }
}

export function* fewerSettings(scenario: Scenario, turned: Scenario['targetSettings']): Iterable<Change> {
  const chosen = Object.keys(scenario.targetSettings).filter((name) => !Object.hasOwn(turned, name))
  yield (current) => withoutSettings(current, chosen)
  for (const name of chosen) yield (current) => withoutSettings(current, [name])
}

function withoutSettings(scenario: Scenario, names: readonly string[]): Scenario | undefined {
  const left = Object.entries(scenario.targetSettings).filter(([name]) => !names.includes(name))
  return left.length === Object.keys(scenario.targetSettings).length
    ? undefined
    : { ...scenario, targetSettings: Object.fromEntries(left) }
}

/** Merges two faults of one kind into one that covers both. */
export function* mergedFaults(scenario: Scenario): Iterable<Change> {
  for (let later = scenario.faults.length - 1; later > 0; later--)
    for (let earlier = later - 1; earlier >= 0; earlier--) yield (current) => withMerged(current, earlier, later)
}

function withMerged(scenario: Scenario, earlier: number, later: number): Scenario | undefined {
  const [one, other] = [scenario.faults[earlier], scenario.faults[later]]
  if (one === undefined || other === undefined) return undefined
  const fault = both(one.fault, other.fault)
  if (fault === undefined) return undefined
  const merged = { from: nanos(Math.min(one.from, other.from)), to: nanos(Math.max(one.to, other.to)), fault }
  return { ...scenario, faults: scenario.faults.with(earlier, merged).toSpliced(later, 1) }
}

function both(one: Fault, other: Fault): Fault | undefined {
  if (one.kind !== other.kind) return undefined
  if ('nodes' in one && 'nodes' in other) return { ...one, nodes: [...new Set([...one.nodes, ...other.nodes])] }
  if (!('links' in one && 'links' in other)) return undefined
  const added = other.links.filter(({ from, to }) => !one.links.some((link) => link.from === from && link.to === to))
  return { ...one, links: [...one.links, ...added] }
}

export function* shorterFaults(scenario: Scenario): Iterable<Change> {
  for (const position of scenario.faults.keys()) {
    for (const share of [0.1, 0.25, 0.5])
      yield (current) =>
        replaceFault(current, position, ({ from, to, fault }) =>
          to - from < SHORTEST_FAULT_NANOS ? undefined : { fault, from, to: nanos(from + (to - from) * share) },
        )
    yield* fewerTargets(scenario, position)
    yield (current) => replaceFault(current, position, certain)
  }
}

const SHORTEST_FAULT_NANOS = 2e6

function* fewerTargets(scenario: Scenario, position: number): Iterable<Change> {
  const planned = scenario.faults[position]
  if (planned === undefined) return
  for (const target of targetsOf(planned.fault))
    yield (current) =>
      replaceFault(current, position, ({ fault, from, to }) => {
        const less = without(fault, target)
        return less === undefined ? undefined : { from, to, fault: less }
      })
}

/**
 * Changes a fault so that it hits all messages instead of only some. It then no longer depends on the number of earlier
 * messages.
 */
function certain({ from, to, fault }: PlannedFault): PlannedFault | undefined {
  if (!messageFamily.owns(fault) && !httpFamily.owns(fault)) return undefined
  const { when, ...always } = fault
  return when?.probability === undefined || when.probability === 1 ? undefined : { from, to, fault: always }
}

const targetsOf = (fault: Fault): string[] => [...new Set(placesOf(fault))].reverse()

/** Removes a node and its links from a fault, if another target remains. */
function without(fault: Fault, target: string): Fault | undefined {
  if ('nodes' in fault) {
    const nodes = fault.nodes.filter((node) => node !== target)
    return nodes.length === 0 || nodes.length === fault.nodes.length ? undefined : { ...fault, nodes }
  }
  const links = fault.links.filter(({ from, to }) => from !== target && to !== target)
  return links.length === 0 || links.length === fault.links.length ? undefined : { ...fault, links }
}

function replaceFault(
  scenario: Scenario,
  position: number,
  change: (fault: PlannedFault) => PlannedFault | undefined,
): Scenario | undefined {
  const planned = scenario.faults[position]
  const changed = planned === undefined ? undefined : change(planned)
  return changed === undefined ? undefined : { ...scenario, faults: scenario.faults.with(position, changed) }
}

/** Moves all events earlier and to round times: multiples of 10 ms or 1 ms. */
export function* simplerTimes(scenario: Scenario): Iterable<Change> {
  yield (current) => shifted(current, earliest(current))
  for (const grain of [10e6, 1e6]) yield (current) => rounded(current, grain)
  for (const position of scenario.operations.keys())
    yield (current) => {
      const operation = current.operations[position]
      return operation === undefined || operation.client === 0
        ? undefined
        : { ...current, operations: current.operations.with(position, { ...operation, client: 0 }) }
    }
}

function earliest({ operations, faults }: Scenario): number {
  let first = Number.POSITIVE_INFINITY
  for (const { at } of operations) first = Math.min(first, at)
  for (const { from } of faults) first = Math.min(first, from)
  return first
}

function shifted(scenario: Scenario, by: number): Scenario | undefined {
  if (by <= 0 || !Number.isFinite(by)) return undefined
  return moved(scenario, (time) => nanos(time - by))
}

function rounded(scenario: Scenario, grain: number): Scenario | undefined {
  const times = [...scenario.operations.map(({ at }) => at), ...scenario.faults.flatMap(({ from, to }) => [from, to])]
  if (times.every((time) => time % grain === 0)) return undefined
  return moved(scenario, (time) => nanos(Math.round(time / grain) * grain))
}

export const moved = (scenario: Scenario, move: (time: Nanos) => Nanos): Scenario => ({
  ...scenario,
  operations: scenario.operations.map((operation) => ({ ...operation, at: move(operation.at) })),
  faults: scenario.faults.map(({ fault, from, to }) => ({ fault, from: move(from), to: move(to) })),
  ...(scenario.holds === undefined ? {} : { holds: scenario.holds.map((hold) => movedHold(hold, move)) }),
})

const movedHold = (hold: PlannedHold, move: (time: Nanos) => Nanos): PlannedHold => ({
  ...hold,
  from: nanos(Math.max(0, move(hold.from))),
})
