import type { ComparedSystem, Comparison } from '../comparison.ts'
import { lostIn, share, worstCell } from '../comparison-words.ts'
import { count, duration } from '../words.ts'
import { type Html, html } from './markup.ts'

const LEFT = 190
const COLUMN = 96
const ROW = 74
const BAR = 34

interface Row {
  readonly title: string
  readonly of: (system: ComparedSystem) => number | undefined
  readonly text: (value: number) => string
  /** Whether more of it is a loss. */
  readonly isBad?: boolean
}

const rows: readonly Row[] = [
  { title: 'write p50 in calm', of: ({ cells }) => cells[0]?.latency?.writeP50, text: duration },
  { title: 'read p50 in calm', of: ({ cells }) => cells[0]?.latency?.readP50, text: duration },
  {
    title: 'available, worst fault',
    of: (system) => worstCell(system)?.availability.median,
    text: (value) => share(value),
  },
  {
    title: 'in practice, worst fault',
    of: (system) => worstCell(system)?.practical.median,
    text: (value) => share(value),
  },
  { title: 'acknowledged and lost', of: lostIn, text: count, isBad: true },
]

/** Aligned rows over one setting: what rises with it, and what falls. */
export function sweepChart({ systems, sweep = '' }: Comparison): Html {
  const width = LEFT + systems.length * COLUMN + 20
  const title = `What ${sweep} changes`
  return html`<section aria-labelledby="sweep"><h2 id="sweep">${title}</h2><div class="scroll" tabindex="0" role="region" aria-label="${title}"><svg class="plot sweep-plot" viewBox="0 0 ${width} ${rows.length * ROW + 34}" role="img" aria-label="${title}">${rows.map((row, i) => rowOf(row, systems, i * ROW))}${systems.map(({ value = '' }, i) => html`<text class="mid row-name" x="${LEFT + (i + 0.5) * COLUMN}" y="${rows.length * ROW + 22}">${value}</text>`)}</svg></div></section>`
}

function rowOf({ title, of, text, isBad }: Row, systems: readonly ComparedSystem[], top: number): Html {
  const values = systems.map(of)
  const most = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE)
  const base = top + ROW - 8
  return html`<text class="row-name" x="0" y="${base - 12}">${title}</text><line class="axis" x1="${LEFT}" x2="${LEFT + systems.length * COLUMN}" y1="${base}" y2="${base}"/>${values.map(
    (value, i) => {
      if (value === undefined) return undefined
      const height = (value / most) * BAR
      const middle = LEFT + (i + 0.5) * COLUMN
      return html`<rect class="bar ${isBad === true ? 'bad' : ''}" x="${middle - 16}" y="${base - height}" width="32" height="${height}"/><text class="mid" x="${middle}" y="${base - height - 6}">${text(value)}</text>`
    },
  )}`
}
