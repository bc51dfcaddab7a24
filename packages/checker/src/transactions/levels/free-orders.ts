import { addTo } from '../../encoding/lists.ts'
import { notRecorded } from '../../verdict/reason.ts'
import { type FurtherEdges, type Graph, withEdges } from '../graph/graph.ts'
import { MET, type Outcome, type Situation, VIOLATED } from './situation.ts'

/** The writers of unordered versions of one key, as nodes of the same component. */
export type FreeWriters = readonly number[]

/**
 * Returns the groups of writers whose order is free. A group lies within one component. Writers in different components
 * follow the order of their components, which closes no cycle.
 */
export function freeWriters({ versions, core }: Situation): readonly FreeWriters[] {
  const { starts, ordered, writer } = versions
  const groups: number[][] = []
  const byComponent = new Map<number, number[]>()
  for (let k = 0; k < ordered.length; k++) {
    if (starts[k + 1] - ordered[k] < 2) continue
    byComponent.clear()
    for (let v = ordered[k]; v < starts[k + 1]; v++) {
      const node = core.node[writer[v]]
      // Consecutive versions of one transaction count as one writer.
      if (node < 0 || byComponent.get(core.component[node])?.at(-1) === node) continue
      addTo(byComponent, core.component[node], node)
    }
    for (const group of byComponent.values()) if (group.length > 1) groups.push(group)
  }
  return groups
}

/**
 * The maximum number of possible orders of the versions. If there are more, only the order in which the transactions
 * completed is tried.
 */
const MOST_ORDERS = 5040

/**
 * Decides a level when the order of some versions is unknown. The level is met if some order of these versions meets
 * it.
 *
 * @param decide decides the level for a graph, even if the graph leaves these versions unordered.
 */
export function decideFree(
  { core, record }: Situation,
  groups: readonly FreeWriters[],
  decide: (graph: Graph) => Outcome,
): Outcome {
  const { graph } = core
  const without = decide(graph)
  if (groups.length === 0 || without.result !== 'met') return without
  const completed = (node: number): number => record.completed[core.transaction[node]]
  const byCompletion = groups.map((group) => group.toSorted((a, b) => completed(a) - completed(b) || a - b))
  const first = decide(withEdges(graph, chains(byCompletion)))
  if (first.result === 'met') return MET
  let orders = 1
  for (const { length } of groups) for (let n = 2; n <= length && orders <= MOST_ORDERS; n++) orders *= n
  if (orders > MOST_ORDERS)
    return {
      result: 'unknown',
      reason: notRecorded('no read shows the order of some appends, and there are too many possible orders to try'),
    }
  for (const some of allOrders(byCompletion, 0)) {
    const outcome = decide(withEdges(graph, chains(some)))
    if (outcome.result !== 'violated') return outcome
  }
  return VIOLATED
}

function chains(groups: readonly FreeWriters[]): FurtherEdges {
  const further = new Map<number, number[]>()
  for (const group of groups) for (let at = 1; at < group.length; at++) addTo(further, group[at - 1], group[at])
  return further
}

function* allOrders(groups: readonly FreeWriters[], at: number): Generator<readonly FreeWriters[]> {
  if (at === groups.length) {
    yield []
    return
  }
  for (const one of permutations(groups[at])) for (const others of allOrders(groups, at + 1)) yield [one, ...others]
}

function* permutations(items: readonly number[]): Generator<readonly number[]> {
  if (items.length < 2) {
    yield items
    return
  }
  for (const [at, item] of items.entries())
    for (const rest of permutations(items.toSpliced(at, 1))) yield [item, ...rest]
}
