import { FAIL, type History, INFO, isAnswered, OK } from '@chaosproxy/history'
import { quantile } from '@chaosproxy/runner/result'
import type { PageData } from '../browser/page-data.ts'

/** Counts and latencies of the run by time, as the charts draw them. */
export interface Bins extends Omit<PageData['bins'], 'p50' | 'p99'> {
  /** Median latency of the `ok` operations called in each bin, in nanoseconds, or NaN. */
  readonly p50: readonly number[]
  readonly p99: readonly number[]
}

/** The bins, with all latencies and the counts of each node. */
export interface Binned {
  readonly bins: Bins
  /** Latencies of the `ok` operations by bin, in nanoseconds, ascending. */
  readonly latencies: readonly Float64Array[]
  /** Number of operations called in each bin, by node. `answered`: the number of these with an answer. */
  readonly called: readonly Uint32Array[]
  readonly answered: readonly Uint32Array[]
}

/** Maximum number of bins; an index must fit into a byte. */
const MOST_BINS = 240

export function binsOf(history: History, end: number, staleRows?: ArrayLike<number>): Binned {
  const { length, callTime, outcome, node } = history.operations
  const size = Math.max(1, Math.min(MOST_BINS, Math.ceil(length / 4)))
  const width = end / size
  // Index 0 stands for operations without a known node.
  const places = history.nodes.length + 1
  const binOf = new Uint8Array(length)
  const counts = new Uint32Array(size * OUTCOMES)
  const [called, answered] = [new Uint32Array(size * places), new Uint32Array(size * places)]
  for (let row = 0; row < length; row++) {
    const bin = Math.max(0, Math.min(size - 1, Math.floor((callTime[row] ?? 0) / width)))
    binOf[row] = bin
    const place = bin * OUTCOMES + (outcome[row] ?? 0)
    counts[place] = (counts[place] ?? 0) + 1
    const atNode = ((node[row] ?? -1) + 1) * size + bin
    called[atNode] = (called[atNode] ?? 0) + 1
    if (isAnswered(history, row)) answered[atNode] = (answered[atNode] ?? 0) + 1
  }
  const byNode = (all: Uint32Array): Uint32Array[] =>
    history.nodes.map((_, i) => all.subarray((i + 1) * size, (i + 2) * size))
  const countsOf = (outcome: number): number[] =>
    Array.from({ length: size }, (_, bin) => counts[bin * OUTCOMES + outcome] ?? 0)
  const stale = staleRows === undefined ? [] : Array.from({ length: size }, () => 0)
  for (const row of Array.from(staleRows ?? [])) {
    const bin = binOf[row] ?? 0
    stale[bin] = (stale[bin] ?? 0) + 1
  }
  const ok = countsOf(OK)
  const latencies = latenciesOf(history, ok, binOf)
  return {
    bins: {
      ...{ width, ok, fail: countsOf(FAIL), info: countsOf(INFO), stale },
      p50: latencies.map((sorted) => quantile(sorted, 0.5)),
      p99: latencies.map((sorted) => quantile(sorted, 0.99)),
    },
    ...{ latencies, called: byNode(called), answered: byNode(answered) },
  }
}

const OUTCOMES = 3

/** By bin, sorted. */
function latenciesOf(
  { operations: { length, callTime, returnTime, outcome } }: History,
  sizes: readonly number[],
  binOf: Uint8Array,
): readonly Float64Array[] {
  const next = new Uint32Array(sizes.length + 1)
  for (const [bin, size] of sizes.entries()) next[bin + 1] = (next[bin] ?? 0) + size
  const bounds = next.slice()
  const all = new Float64Array(next[sizes.length] ?? 0)
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK) continue
    const bin = binOf[row] ?? 0
    const place = next[bin] ?? 0
    all[place] = (returnTime[row] ?? 0) - (callTime[row] ?? 0)
    next[bin] = place + 1
  }
  return sizes.map((_, bin) => all.subarray(bounds[bin], bounds[bin + 1]).sort())
}
