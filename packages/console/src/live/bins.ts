import type { BinRow, Bins, TailRow } from '../browser/frames.ts'

const MOST_BINS = 400
const FIRST_WIDTH_MS = 100
/** The number of error classes with a name. All others share the last class. */
const MOST_CLASSES = 8
const OTHERS = 'other errors'

/** The latency scale has four steps per doubling from 10 µs on, so a percentile is off by at most 9%. */
const STEPS = 4
const LEAST_MS = 0.01
const LATENCY_BINS = 96

interface Bin {
  ok: number
  fail: number
  info: number
  readonly errors: number[]
  readonly latencies: Uint32Array
}

/** Counts operations by return time in bins, whose width doubles when there are too many. */
export interface BinnedOperations {
  add(atMs: number, outcome: TailRow['outcome'], latencyMs: number, error: string | undefined): void
  /** Returns the bins that a page needs: those from index `had.bins` on, or all bins if their width has changed. */
  since(had: { readonly width: number; readonly bins: number }, untilMs: number): Bins
}

export function createBins(): BinnedOperations {
  let width = FIRST_WIDTH_MS
  let bins: Bin[] = []
  const classes: string[] = []

  const indexAt = (ms: number) => Math.floor(Math.max(0, ms) / width)
  function grow(untilMs: number): void {
    let count = indexAt(untilMs) + 1
    while (count > MOST_BINS) {
      bins = Array.from({ length: Math.ceil(bins.length / 2) }, (_, i) => merged(bins[2 * i], bins[2 * i + 1]))
      width *= 2
      count = Math.ceil(count / 2)
    }
    while (bins.length < count) bins.push(emptyBin())
  }

  return {
    add(atMs, outcome, latencyMs, error) {
      grow(atMs)
      const bin = bins[indexAt(atMs)]
      if (bin === undefined) return
      bin[outcome]++
      const place = latencyBin(latencyMs)
      bin.latencies[place] = (bin.latencies[place] ?? 0) + 1
      if (error === undefined) return
      const index = indexIn(classes, classOf(error))
      bin.errors[index] = (bin.errors[index] ?? 0) + 1
    },
    since(had, untilMs) {
      grow(untilMs)
      const from = had.width === width ? Math.min(had.bins, bins.length) : 0
      return { width, from, rows: bins.slice(from).map((bin) => rowOf(bin, classes.length)), errors: [...classes] }
    },
  }
}

const emptyBin = (): Bin => ({ ok: 0, fail: 0, info: 0, errors: [], latencies: new Uint32Array(LATENCY_BINS) })

function merged(one: Bin = emptyBin(), other: Bin = emptyBin()): Bin {
  const errors = Array.from(
    { length: Math.max(one.errors.length, other.errors.length) },
    (_, i) => (one.errors[i] ?? 0) + (other.errors[i] ?? 0),
  )
  const latencies = one.latencies.map((count, i) => count + (other.latencies[i] ?? 0))
  return { ok: one.ok + other.ok, fail: one.fail + other.fail, info: one.info + other.info, errors, latencies }
}

function latencyBin(ms: number): number {
  const step = Math.floor(Math.log2(Math.max(ms, LEAST_MS) / LEAST_MS) * STEPS)
  return Math.min(step, LATENCY_BINS - 1)
}

function rowOf({ ok, fail, info, errors, latencies }: Bin, classes: number): BinRow {
  const counts = Array.from({ length: classes }, (_, i) => errors[i] ?? 0)
  return [ok, fail, info, percentile(latencies, 0.5), percentile(latencies, 0.99), ...counts]
}

function percentile(latencies: Uint32Array, share: number): number | null {
  const total = latencies.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let left = Math.ceil(total * share)
  const place = latencies.findIndex((count) => {
    left -= count
    return left <= 0
  })
  return Number((LEAST_MS * 2 ** ((place + 0.5) / STEPS)).toPrecision(3))
}

/**
 * Returns the class of an error. Errors of one class may differ in numbers, addresses and quoted texts, but not in
 * their HTTP status.
 */
export const classOf = (error: string): string =>
  error
    .replaceAll(/"[^"]*"|'[^']*'/g, '…')
    .replaceAll(/(?<!\bstatus )\b[\w.-]*\d[\w.:-]*/g, '…')
    .slice(0, 60)

function indexIn(classes: string[], name: string): number {
  const known = classes.indexOf(name)
  if (known >= 0) return known
  if (classes.length < MOST_CLASSES - 1) return classes.push(name) - 1
  const others = classes.indexOf(OTHERS)
  return others >= 0 ? others : classes.push(OTHERS) - 1
}
