import { nodeNames, stopsNodes } from '@chaosproxy/faults'
import { type History, OK } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'
import type { ExplainedByFault, NoMajorityUp, SlowestRecovery } from './claim.ts'
import { type Held, held, type Recorded } from './recorded.ts'

/** Checks the claim against all faults that took effect. */
export function isSlowestRecovery({ history, faults }: Recorded, { nanos }: SlowestRecovery): Held {
  const { callTime, returnTime, outcome, length } = history.operations
  let slowest = 0
  for (const { from, hits } of faults) {
    if (hits === 0) continue
    let first = Number.POSITIVE_INFINITY
    for (let row = 0; row < length; row++)
      if (outcome[row] === OK && (callTime[row] ?? 0) >= from) first = Math.min(first, returnTime[row] ?? first)
    if (first !== Number.POSITIVE_INFINITY) slowest = Math.max(slowest, first - from)
  }
  return held(nanos === slowest)
}

/** The tolerated difference: half a percent of the run, because the reported share is rounded to whole percents. */
const TOLERATED = 0.005

/**
 * Checks that no node could reach a majority during `share` of the run. `unknown` if a fault's duration is in doubt.
 */
export function wasNoMajorityUp({ history, faults, spec, durationNanos }: Recorded, { share }: NoMajorityUp): Held {
  if (spec === undefined || durationNanos === undefined) return 'unknown'
  if (faults.some(({ perhapsUntil }) => perhapsUntil !== undefined)) return 'unknown'
  const nodes = nodeNames(spec.nodes)
  if (!history.nodes.every((node) => nodes.includes(node))) return 'unknown'
  const times = [...new Set(faults.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b)
  let without = 0
  for (const [i, from] of times.entries()) {
    const to = times[i + 1] ?? from
    if (
      !isMajorityUp(
        nodes,
        faults.filter((fault) => fault.from <= from && fault.to >= to),
      )
    )
      without += to - from
  }
  return held(Math.abs(without / Math.max(1, durationNanos) - share) < TOLERATED)
}

function isMajorityUp(nodes: readonly string[], active: readonly FaultSpan[]): boolean {
  const down = new Set(active.flatMap(({ kind, nodes: of }) => (stopsNodes(kind) ? of : [])))
  const cuts = active.flatMap(({ kind, links, hits }) => (kind === 'partition' && hits !== 0 ? links : []))
  const isCut = (one: string, other: string): boolean =>
    cuts.some(({ from, to }) => (from === one && to === other) || (from === other && to === one))
  const up = nodes.filter((node) => !down.has(node))
  return up.some((one) => 2 * up.filter((other) => one === other || !isCut(one, other)).length > nodes.length)
}

/** Checks that the fault hit a node or link of these operations while they ran. */
export function isExplainedByFault({ history }: Recorded, { fault, between }: ExplainedByFault): Held {
  const { callTime, returnTime, node, returnEvent } = history.operations
  if (fault.hits === 0) return 'refuted'
  const endOf = (row: number): number =>
    (returnEvent[row] ?? -1) < 0 ? Number.POSITIVE_INFINITY : (returnTime[row] ?? 0)
  const first = Math.min(...between.map((row) => callTime[row] ?? 0))
  // The effect outlasts the fault if data were damaged, or if a node became the leader.
  if (
    fault.from > Math.max(...between.map(endOf)) ||
    (!(fault.kind === 'flip-bit' || fault.kind === 'failover') && fault.to < first)
  )
    return 'refuted'
  const nodes = between.flatMap((row) => history.nodes[node[row] ?? -1] ?? [])
  const isPlaced = fault.nodes.length + fault.links.length > 0 && fault.kind !== 'failover'
  return held(
    !isPlaced ||
      nodes.length === 0 ||
      nodes.some(
        (name) => fault.nodes.includes(name) || fault.links.some(({ from, to }) => from === name || to === name),
      ) ||
      isBehindNodes(history, fault),
  )
}

/** Whether a fault hit only servers behind the nodes, such as a database. Such a fault may affect any node. */
export function isBehindNodes(history: History, { nodes, links }: Pick<FaultSpan, 'nodes' | 'links'>): boolean {
  const hit = [...nodes, ...links.flatMap(({ from, to }) => [from, to])]
  return hit.length > 0 && hit.every((name) => !FRONT.test(name) && !history.nodes.includes(name))
}

/** Matches the clients, and the nodes of a cluster. It also matches a node that no client has called. */
const FRONT = /^(?:clients|n\d+)$/
