import {
  byName,
  FAIL,
  type History,
  hasTimes,
  INFO,
  isAnswered,
  meaningOf,
  OK,
  oncePerHistory,
  readsWhole,
  replacesWhole,
  type Tally,
} from '@chaosproxy/history'
import type { NodeSummary, OperationCounts } from './run-summary.ts'

/** The statistics of a history alone. */
export interface Statistics {
  readonly operations: OperationCounts
  /** The share of operations answered, from 0 to 1. */
  readonly availability: number
  readonly nodes: readonly NodeSummary[]
  /** Median latency of answered operations, in nanoseconds; NaN if there are none, or no times. */
  readonly p50Nanos: number
  readonly p99Nanos: number
}

/** Returns the statistics of a history, computed only once. */
export const statisticsOf: (history: History) => Statistics = oncePerHistory((history) => {
  const areTimed = hasTimes(history)
  if (history.tally !== undefined) return statisticsOfTally(history.tally, areTimed)
  const { length, callTime, returnTime, node } = history.operations
  const perNode = history.nodes.map(() => ({ operations: 0, answered: 0 }))
  const latencies = new Float64Array(length)
  let answered = 0
  for (let i = 0; i < length; i++) {
    const isServed = isAnswered(history, i)
    if (isServed) latencies[answered++] = (returnTime[i] ?? 0) - (callTime[i] ?? 0)
    const place = perNode[node[i] ?? -1]
    if (place === undefined) continue
    place.operations++
    if (isServed) place.answered++
  }
  const sorted = latencies.subarray(0, areTimed ? answered : 0).sort()
  return {
    operations: countOperations(history),
    availability: length === 0 ? Number.NaN : answered / length,
    nodes: perNode
      .map(({ operations, answered }, i) => ({
        node: history.nodes[i] ?? '?',
        operations,
        availability: operations === 0 ? Number.NaN : answered / operations,
      }))
      .sort((a, b) => byName(a.node, b.node)),
    p50Nanos: quantile(sorted, 0.5),
    p99Nanos: quantile(sorted, 0.99),
  }
})

function statisticsOfTally(
  { operations: total, functions, nodes, answered, p50Nanos, p99Nanos }: Tally,
  areTimed: boolean,
): Statistics {
  const counts = { total, ok: 0, fail: 0, info: 0, reads: 0, writes: 0, cas: 0 }
  for (const { f, ok, fail, info } of functions) {
    counts.ok += ok
    counts.fail += fail
    counts.info += info
    const kind = kindOf(f)
    if (kind !== undefined) counts[kind] += ok + fail + info
  }
  return {
    operations: counts,
    availability: total === 0 ? Number.NaN : answered / total,
    nodes: nodes
      .map(({ node, operations, answered: served }) => ({ node, operations, availability: served / operations }))
      .sort((a, b) => byName(a.node, b.node)),
    p50Nanos: areTimed ? p50Nanos : Number.NaN,
    p99Nanos: areTimed ? p99Nanos : Number.NaN,
  }
}

function kindOf(f: string): 'reads' | 'writes' | 'cas' | undefined {
  if (readsWhole(f)) return 'reads'
  if (replacesWhole(f) || f === 'append') return 'writes'
  return meaningOf(f)?.takes === 'pair' ? 'cas' : undefined
}

export function countOperations(history: History): OperationCounts {
  const { length, outcome, f } = history.operations
  const byOutcome = { [OK]: 0, [FAIL]: 0, [INFO]: 0 }
  const byFunction = history.functions.map(() => 0)
  for (let i = 0; i < length; i++) {
    const ended = outcome[i] as keyof typeof byOutcome
    byOutcome[ended]++
    const done = f[i] ?? 0
    byFunction[done] = (byFunction[done] ?? 0) + 1
  }
  const counts = { reads: 0, writes: 0, cas: 0 }
  for (const [i, name] of history.functions.entries()) {
    const kind = kindOf(name)
    if (kind !== undefined) counts[kind] += byFunction[i] ?? 0
  }
  return { total: length, ok: byOutcome[OK], fail: byOutcome[FAIL], info: byOutcome[INFO], ...counts }
}

/** Returns the nearest-rank quantile of sorted values; NaN if there are none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
