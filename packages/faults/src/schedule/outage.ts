import type { NodeId } from '../definition/link.ts'
import { stopsNodes } from '../families/node.ts'
import type { FaultPlan, LinkSelector, NodeSelector, PlannedFault } from './schedule.ts'

/** The time until a killed node is up again on a busy machine, in nanoseconds. */
export const RESTART_NANOS = 500_000_000

/**
 * Returns the total time in which no majority is up and connected, in nanoseconds. Assumes the worst case: a node that
 * is selected when a fault is injected is not affected by any overlapping fault.
 */
export function outageNanos(faults: readonly PlannedFault[], nodes: readonly NodeId[]): number {
  const losses = faults.map(({ from, to, plan }) => ({ ...lossOf(plan, nodes), from, to: to + restartOf(plan) }))
  const spare = Math.ceil(nodes.length / 2) - 1
  const moments = [...new Set(losses.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b)
  let outage = 0
  for (const [i, from] of moments.entries()) {
    const to = moments[i + 1]
    if (to === undefined) break
    const active = losses.filter((loss) => loss.from <= from && loss.to >= to)
    const named = new Set(active.flatMap((loss) => loss.named))
    const lost = active.reduce((sum, { unnamed }) => sum + unnamed, named.size)
    if (lost > spare) outage += to - from
  }
  return outage
}

const restartOf = ({ kind }: FaultPlan): number => (kind === 'kill' || kind === 'crash' ? RESTART_NANOS : 0)

interface Loss {
  /** The names of nodes that the other nodes cannot reach. */
  readonly named: readonly NodeId[]
  /**
   * The number of unreachable nodes in addition to those in `named`. They are selected when the fault is injected, so
   * their names are not yet known.
   */
  readonly unnamed: number
}

const NO_LOSS: Loss = { named: [], unnamed: 0 }

function lossOf(plan: FaultPlan, nodes: readonly NodeId[]): Loss {
  if ('nodes' in plan && stopsNodes(plan.kind)) return stopped(plan.nodes, nodes)
  if (plan.kind === 'partition') return cutOff(plan.links, nodes)
  return NO_LOSS
}

function stopped(selector: NodeSelector, nodes: readonly NodeId[]): Loss {
  if (typeof selector === 'object') return { named: selector, unnamed: 0 }
  if (selector === 'all') return { named: nodes, unnamed: 0 }
  return { named: [], unnamed: selector === 'minority' ? minoritySize(nodes.length) : 1 }
}

/**
 * Returns the smallest loss that a cut can cause: the nodes outside the largest group. Links given by name count as no
 * loss.
 */
function cutOff(selector: LinkSelector, nodes: readonly NodeId[]): Loss {
  if (selector === 'isolate-leader' || selector === 'isolate-one' || selector === 'one-way')
    return { named: [], unnamed: 1 }
  if (selector === 'halves' || selector === 'majority-ring' || selector === 'bridge')
    return { named: [], unnamed: Math.floor(nodes.length / 2) }
  return selector === 'between-nodes' ? { named: nodes, unnamed: 0 } : NO_LOSS
}

/** The largest minority, but at least 1, so that a fault always hits a node. */
export const minoritySize = (nodes: number): number => Math.max(1, Math.ceil(nodes / 2) - 1)
