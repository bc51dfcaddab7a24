import type { Bins } from './frames.ts'

/** Columns to plot: the times, then one list of values for each line. */
export type Columns = readonly (readonly (number | null)[])[]

/** Leaves out the last bin while it is still filling, because its low values would look like a drop. */
const completeRows = ({ rows }: Bins, isOver: boolean): Bins['rows'] => (isOver ? rows : rows.slice(0, -1))

const middles = (count: number, width: number): number[] =>
  Array.from({ length: count }, (_, i) => ((i + 0.5) * width) / 1000)

export function throughputOf(bins: Bins, isOver: boolean): Columns {
  const rows = completeRows(bins, isOver)
  const rate = (place: number) => rows.map((row) => ((row[place] ?? 0) * 1000) / bins.width)
  return [middles(rows.length, bins.width), rate(0), rate(1), rate(2)]
}

/** Returns latencies in milliseconds: p50 and p99. */
export function latencyOf(bins: Bins, isOver: boolean): Columns {
  const rows = completeRows(bins, isOver)
  return [middles(rows.length, bins.width), rows.map((row) => row[3] ?? null), rows.map((row) => row[4] ?? null)]
}

export function errorsOf(bins: Bins, isOver: boolean): Columns {
  const rows = completeRows(bins, isOver)
  const lines = bins.errors.map((_, i) => rows.map((row) => ((row[5 + i] ?? 0) * 1000) / bins.width))
  return [middles(rows.length, bins.width), ...lines]
}

export const errorTotals = ({ rows, errors }: Bins): readonly { readonly name: string; readonly total: number }[] =>
  errors.map((name, i) => ({ name, total: rows.reduce((sum, row) => sum + (row[5 + i] ?? 0), 0) }))
