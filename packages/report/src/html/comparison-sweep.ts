import { count, duration } from '@chaosproxy/history'
import type { ComparedSystem, Comparison } from '../comparison.ts'
import { lostIn, share, worstCell } from '../comparison-words.ts'
import { type Html, html, scrollOf, sectionOf, svgRect, svgText } from './markup.ts'

const LEFT = 190
const COLUMN = 96
const ROW = 74
const BAR = 34

interface Row {
  readonly title: string
  readonly of: (system: ComparedSystem) => number | undefined
  readonly text: (value: number) => string
  readonly isBad?: boolean
}

const rows: readonly Row[] = [
  { title: 'write p50 in calm', of: ({ cells }) => cells[0]?.latency?.writeP50, text: duration },
  { title: 'read p50 in calm', of: ({ cells }) => cells[0]?.latency?.readP50, text: duration },
  {
    title: 'available, worst fault',
    of: (system) => worstCell(system)?.availability.median,
    text: share,
  },
  {
    title: 'in practice, worst fault',
    of: (system) => worstCell(system)?.practical.median,
    text: share,
  },
  { title: 'acknowledged and lost', of: lostIn, text: count, isBad: true },
]

/** Draws a chart for each curve, with a row for each measurement. A row has the same scale in all charts. */
export function sweepCharts({ systems, sweep = '' }: Comparison): Html {
  const title = `What ${sweep} changes`
  const curves = [...new Set(systems.flatMap(({ curve }) => curve ?? []))]
  const scales = rows.map(({ of }) => Math.max(...systems.map((system) => of(system) ?? 0), Number.MIN_VALUE))
  return sectionOf(
    'sweep',
    title,
    curves.map((curve) =>
      chart(
        curve,
        systems.filter((system) => system.curve === curve),
        scales,
      ),
    ),
  )
}

function chart(curve: string, systems: readonly ComparedSystem[], scales: readonly number[]): Html {
  const width = LEFT + systems.length * COLUMN + 20
  return html`<h3>${curve}</h3>${scrollOf(curve, html`<svg class="plot sweep-plot" style="width:${width}px" viewBox="0 0 ${width} ${rows.length * ROW + 34}" role="img" aria-label="${curve}">${rows.map((row, i) => rowOf(row, systems, scales[i] ?? 1, i * ROW))}${systems.map(({ value = '' }, i) => svgText('mid row-name', LEFT + (i + 0.5) * COLUMN, rows.length * ROW + 22, value))}</svg>`)}`
}

function rowOf({ title, of, text, isBad }: Row, systems: readonly ComparedSystem[], most: number, top: number): Html {
  const values = systems.map(of)
  const base = top + ROW - 8
  return html`${svgText('row-name', 0, base - 12, title)}<line class="axis" x1="${LEFT}" x2="${LEFT + systems.length * COLUMN}" y1="${base}" y2="${base}"/>${values.map(
    (value, i) => {
      if (value === undefined) return undefined
      const height = (value / most) * BAR
      const middle = LEFT + (i + 0.5) * COLUMN
      return html`${svgRect(`bar ${isBad === true ? 'bad' : ''}`, middle - 16, base - height, 32, height)}${svgText('mid', middle, base - height - 6, text(value))}`
    },
  )}`
}
