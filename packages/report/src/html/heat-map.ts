import { type History, OK } from '@chaosproxy/history'
import { type Html, html } from './markup.ts'

/** How often each latency occurred in each stretch of the run. */
export interface HeatMap {
  /** Nanoseconds of one column. */
  readonly width: number
  /** The least and the greatest latency on the axis, in nanoseconds: powers of ten. */
  readonly low: number
  readonly high: number
  /** By column, then by row from the least latency: how many operations. */
  readonly counts: readonly Uint32Array[]
}

const MOST_COLUMNS = 120
const ROWS_PER_DECADE = 8
const MOST_DECADES = 8

/** The latencies of the operations that succeeded, by the moment of their call. O(n). */
export function heatMapOf(history: History, end: number): HeatMap {
  const { length, callTime, returnTime, outcome } = history.operations
  const columns = Math.max(1, Math.min(MOST_COLUMNS, Math.ceil(length / 8)))
  const width = end / columns
  const latencyOf = (i: number): number => Math.max(1, (returnTime[i] ?? 0) - (callTime[i] ?? 0))
  let [least, most] = [Number.POSITIVE_INFINITY, 1]
  for (let i = 0; i < length; i++) {
    if (outcome[i] !== OK) continue
    least = Math.min(least, latencyOf(i))
    most = Math.max(most, latencyOf(i))
  }
  const top = Math.ceil(Math.log10(Math.max(1e6, most)))
  const bottom = Math.max(top - MOST_DECADES, Math.min(top - 1, Math.floor(Math.log10(Math.min(1e6, least)))))
  const rows = (top - bottom) * ROWS_PER_DECADE
  const counts = Array.from({ length: columns }, () => new Uint32Array(rows))
  for (let i = 0; i < length; i++) {
    if (outcome[i] !== OK) continue
    const column = Math.max(0, Math.min(columns - 1, Math.floor((callTime[i] ?? 0) / width)))
    const row = Math.floor((Math.log10(latencyOf(i)) - bottom) * ROWS_PER_DECADE)
    const counted = counts[column]
    const place = Math.max(0, Math.min(rows - 1, row))
    if (counted !== undefined) counted[place] = (counted[place] ?? 0) + 1
  }
  return { width, low: 10 ** bottom, high: 10 ** top, counts }
}

interface Box {
  readonly top: number
  readonly bottom: number
}

/** How dark cells can be; one that holds a single operation is still seen. */
const SHADES = 5

/** The cells, darker where more operations are, on a scale of logarithms. */
export function heatCells({ width, counts }: HeatMap, { top, bottom }: Box, x: (time: number) => number): Html[] {
  const most = counts.reduce((all, column) => column.reduce((a, b) => Math.max(a, b), all), 1)
  const paths = Array.from({ length: SHADES }, () => '')
  for (const [i, column] of counts.entries()) {
    const [left, right] = [round(x(i * width)), round(x((i + 1) * width))]
    const high = (bottom - top) / column.length
    for (const [row, amount] of column.entries()) {
      if (amount === 0) continue
      const shade = most === 1 ? SHADES - 1 : Math.floor((Math.log(amount) / Math.log(most)) * (SHADES - 0.001))
      paths[shade] =
        `${paths[shade] ?? ''}M${left} ${round(bottom - row * high)}V${round(bottom - (row + 1) * high)}H${right}v${round(high)}z`
    }
  }
  return paths.flatMap((path, shade) => (path === '' ? [] : [html`<path class="heat h${shade + 1}" d="${path}"/>`]))
}

/** The axis: a line at each power of ten. */
export const decadesOf = ({ low, high }: HeatMap): number[] =>
  Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i)

const round = (value: number): number => Math.round(value * 10) / 10
