import { FAIL, type History, INFO, OK } from '@chaos/history'
import { functionOf } from './operation-words.ts'
import type { NodeSummary, OperationCounts } from './run-summary.ts'

/** What a history says of itself without a run beside it. */
export interface Statistics {
  readonly operations: OperationCounts
  /** Operations answered, 0 to 1. */
  readonly availability: number
  readonly nodes: readonly NodeSummary[]
  /** Of the `ok` ones; NaN where there are none. */
  readonly p50Nanos: number
  readonly p99Nanos: number
}

/** O(n log n) in the number of operations. */
export function statisticsOf(history: History): Statistics {
  const { length, outcome, callTime, returnTime, node } = history.operations
  const counts = { total: length, ok: 0, fail: 0, info: 0, reads: 0, writes: 0, cas: 0 }
  const perNode = history.nodes.map(() => ({ operations: 0, answered: 0 }))
  const latencies = new Float64Array(length)
  for (let i = 0; i < length; i++) {
    const result = outcome[i]
    const f = functionOf(history, i)
    if (f === 'read' || f === 'get') counts.reads++
    else if (f === 'cas') counts.cas++
    else counts.writes++
    if (result === OK) latencies[counts.ok++] = (returnTime[i] ?? 0) - (callTime[i] ?? 0)
    else if (result === FAIL) counts.fail++
    else if (result === INFO) counts.info++
    const place = perNode[node[i] ?? -1]
    if (place === undefined) continue
    place.operations++
    if (result === OK) place.answered++
  }
  const sorted = latencies.subarray(0, counts.ok).sort()
  return {
    operations: counts,
    availability: length === 0 ? Number.NaN : counts.ok / length,
    nodes: perNode
      .map(({ operations, answered }, i) => ({
        node: history.nodes[i] ?? '?',
        operations,
        availability: operations === 0 ? Number.NaN : answered / operations,
      }))
      .sort((a, b) => a.node.localeCompare(b.node, 'en', { numeric: true })),
    p50Nanos: quantile(sorted, 0.5),
    p99Nanos: quantile(sorted, 0.99),
  }
}

/** The smallest value that at least this share of all are not above (nearest rank); NaN of none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
