import type { Binned } from './bins.ts'
import { type Html, round, svgPath } from './markup.ts'

/** Number of operations by latency and time of the run. */
export interface HeatMap {
  /** Nanoseconds per column. */
  readonly width: number
  /** The rows cover the latencies from `low` to `high` nanoseconds. Both are powers of ten. */
  readonly low: number
  readonly high: number
  /** Number of operations, by column and then by row. The first row has the lowest latency. */
  readonly counts: readonly Uint32Array[]
}

const ROWS_PER_DECADE = 8
const MOST_DECADES = 8
const BINS = 2

/** Counts the latencies of successful operations by the time of the call. */
export function heatMapOf({ bins: { width }, latencies }: Binned): HeatMap {
  const least = Math.min(...latencies.map((sorted) => sorted[0] ?? Number.POSITIVE_INFINITY))
  const most = Math.max(1, ...latencies.map((sorted) => sorted.at(-1) ?? 1))
  const top = Math.ceil(Math.log10(Math.max(1e6, most)))
  const lowest = Math.floor(Math.log10(Math.max(1, Math.min(1e6, least))))
  const bottom = Math.max(top - MOST_DECADES, Math.min(top - 1, lowest))
  const rows = (top - bottom) * ROWS_PER_DECADE
  const counts = Array.from({ length: Math.ceil(latencies.length / BINS) }, () => new Uint32Array(rows))
  for (const [bin, sorted] of latencies.entries()) {
    const column = counts[Math.floor(bin / BINS)]
    if (column !== undefined) countRows(sorted, bottom, column)
  }
  return { width: BINS * width, low: 10 ** bottom, high: 10 ** top, counts }
}

/** Adds each latency to the row of the column that counts it. Row 0 begins at 10 to the power of `bottom`. */
function countRows(latencies: Float64Array, bottom: number, column: Uint32Array): void {
  for (let i = 0; i < latencies.length; i++) {
    const row = Math.floor((Math.log10(Math.max(1, latencies[i] ?? 1)) - bottom) * ROWS_PER_DECADE)
    const place = Math.max(0, Math.min(column.length - 1, row))
    column[place] = (column[place] ?? 0) + 1
  }
}

export interface Box {
  readonly top: number
  readonly bottom: number
}

/** Number of shades in a heat map. Even the lightest shade, for a single operation, is visible. */
const SHADES = 5

/** Draws the cells on a logarithmic scale, darker for more operations. */
export function heatCells({ width, counts }: HeatMap, { top, bottom }: Box, x: (time: number) => number): Html[] {
  const most = counts.reduce((all, column) => column.reduce((a, b) => Math.max(a, b), all), 1)
  const paths = Array.from({ length: SHADES }, () => '')
  const rows = counts[0]?.length ?? 0
  const high = (bottom - top) / rows
  // Format each coordinate once for a whole row, and not for each cell.
  const edges = Array.from({ length: rows + 1 }, (_, row) => String(round(bottom - row * high)))
  const down = `v${round(high)}z`
  for (const [i, column] of counts.entries()) {
    const [left, right] = [`M${round(x(i * width))} `, `H${round(x((i + 1) * width))}${down}`]
    for (let row = 0; row < rows; row++) {
      const amount = column[row] ?? 0
      if (amount === 0) continue
      const shade = most === 1 ? SHADES - 1 : Math.floor((Math.log(amount) / Math.log(most)) * (SHADES - 0.001))
      paths[shade] += `${left}${edges[row]}V${edges[row + 1]}${right}`
    }
  }
  return paths.flatMap((path, shade) => (path === '' ? [] : [svgPath(`heat h${shade + 1}`, path)]))
}

export const decadesOf = ({ low, high }: HeatMap): number[] =>
  Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i)
