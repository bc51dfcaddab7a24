import { FAIL, type History, INFO, OK } from '@chaosproxy/history'
import { quantile } from '@chaosproxy/runner/result'

/** What happened in each stretch of the run: what the charts draw. */
export interface Bins {
  /** Nanoseconds of one bin. */
  readonly width: number
  readonly ok: readonly number[]
  readonly fail: readonly number[]
  readonly info: readonly number[]
  /** Reads that were certainly stale; empty if that was not measured. */
  readonly stale: readonly number[]
  /** Nanoseconds, of the `ok` operations called then; NaN where there were none. */
  readonly p50: readonly number[]
  readonly p99: readonly number[]
}

const MOST_BINS = 240

/** Operations by the moment of their call, in at most 240 equal stretches; `staleRows` are those known to be stale. O(n log n). */
export function binsOf(history: History, end: number, staleRows?: ArrayLike<number>): Bins {
  const { length, callTime, returnTime, outcome } = history.operations
  const size = Math.max(1, Math.min(MOST_BINS, Math.ceil(length / 4)))
  const width = end / size
  const zeros = (): number[] => Array.from({ length: size }, () => 0)
  const [ok, fail, info] = [zeros(), zeros(), zeros()]
  const binOf = (i: number): number => Math.min(size - 1, Math.max(0, Math.floor((callTime[i] ?? 0) / width)))
  const stale = staleRows === undefined ? [] : zeros()
  for (const row of Array.from(staleRows ?? [])) stale[binOf(row)] = (stale[binOf(row)] ?? 0) + 1
  const latencies = Array.from({ length: size }, (): number[] => [])
  for (let i = 0; i < length; i++) {
    const bin = binOf(i)
    const counts = outcome[i] === OK ? ok : outcome[i] === FAIL ? fail : outcome[i] === INFO ? info : ok
    counts[bin] = (counts[bin] ?? 0) + 1
    if (outcome[i] === OK) latencies[bin]?.push((returnTime[i] ?? 0) - (callTime[i] ?? 0))
  }
  const sorted = latencies.map((bin) => new Float64Array(bin).sort())
  return {
    width,
    ok,
    fail,
    info,
    stale,
    p50: sorted.map((bin) => quantile(bin, 0.5)),
    p99: sorted.map((bin) => quantile(bin, 0.99)),
  }
}
