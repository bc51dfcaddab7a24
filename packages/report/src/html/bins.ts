import { FAIL, type History, INFO, OK } from '@chaosproxy/history'
import { quantile } from '@chaosproxy/runner/result'

/** What happened in each stretch of the run: what the charts draw. */
export interface Bins {
  /** Nanoseconds of one bin. */
  readonly width: number
  readonly ok: readonly number[]
  readonly fail: readonly number[]
  readonly info: readonly number[]
  /** Nanoseconds, of the `ok` operations called then; NaN where there were none. */
  readonly p50: readonly number[]
  readonly p99: readonly number[]
}

const MOST_BINS = 240

/** Operations by the moment of their call, in at most 240 equal stretches. O(n log n). */
export function binsOf(history: History, end: number): Bins {
  const { length, callTime, returnTime, outcome } = history.operations
  const size = Math.max(1, Math.min(MOST_BINS, Math.ceil(length / 4)))
  const width = end / size
  const zeros = (): number[] => Array.from({ length: size }, () => 0)
  const [ok, fail, info] = [zeros(), zeros(), zeros()]
  const latencies = Array.from({ length: size }, (): number[] => [])
  for (let i = 0; i < length; i++) {
    const bin = Math.min(size - 1, Math.max(0, Math.floor((callTime[i] ?? 0) / width)))
    const counts = outcome[i] === OK ? ok : outcome[i] === FAIL ? fail : outcome[i] === INFO ? info : ok
    counts[bin] = (counts[bin] ?? 0) + 1
    if (outcome[i] === OK) latencies[bin]?.push((returnTime[i] ?? 0) - (callTime[i] ?? 0))
  }
  const sorted = latencies.map((bin) => Float64Array.from(bin).sort())
  return {
    width,
    ok,
    fail,
    info,
    p50: sorted.map((bin) => quantile(bin, 0.5)),
    p99: sorted.map((bin) => quantile(bin, 0.99)),
  }
}
