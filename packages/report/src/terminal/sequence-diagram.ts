import { momentInMillis, type Nanos } from '@chaosproxy/history'
import { printable } from '../operation-words.ts'
import type { PageStyle } from './evidence.ts'
import { pageStyle } from './run-page.ts'
import { plainStyle } from './style.ts'
import { clip, displayWidth, padEnd } from './width.ts'

export interface SequenceStep {
  readonly at: Nanos
  /** The column of the step: a node, or the clients. */
  readonly where: string
  readonly text: string
  readonly tone: 'call' | 'return' | 'note' | 'fault' | 'heal' | 'wrong'
}

const TIME_WIDTH = 11
const NARROWEST_COLUMN = 6
const GAP = 2

/** Draws the steps, which must be in order of time. Time runs downwards. */
export function drawSequence(
  steps: readonly SequenceStep[],
  columns: readonly string[],
  { width, style, symbols }: PageStyle,
): string[] {
  const used = columns.filter((column) => steps.some(({ where }) => where === column))
  const widths = columnWidths(steps, used, width - TIME_WIDTH)
  const paint = {
    call: (text: string) => text,
    return: style.green,
    note: style.dim,
    fault: style.yellow,
    heal: style.yellow,
    wrong: (text: string) => style.bold(style.accent(text)),
  }
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, wide) => sum + wide + GAP, 0))
  const header = style.bold(
    `${padEnd('time', TIME_WIDTH)}${used.map((column, i) => padEnd(column, (widths[i] ?? 0) + GAP)).join('')}`.trimEnd(),
  )

  /** A row has only one text, which may extend to the right. */
  function row(at: number, text: string, tone: SequenceStep['tone']): string {
    const start = starts[at] ?? 0
    const shown = clip(printable(text), width - TIME_WIDTH - start, symbols.ellipsis)
    const end = start + displayWidth(shown)
    const opens = (positions: readonly number[], from: number) =>
      positions.reduce((line, position) => `${padEnd(line, position - from)}${symbols.open}`, '')
    const before = padEnd(opens(starts.slice(0, at), 0), start)
    const after = opens(
      starts.filter((position) => position > end),
      end,
    )
    return `${before}${paint[tone](shown)}${after}`
  }

  let before: Nanos | undefined
  const rows = steps.map(({ at, where, text, tone }) => {
    const time = at === before ? '' : momentInMillis(at)
    before = at
    return `${style.dim(padEnd(time, TIME_WIDTH))}${row(used.indexOf(where), text, tone)}`
  })
  return [header, ...rows]
}

const PLAIN = pageStyle(plainStyle, { width: 120, unicode: true })

/** Draws the sequence without colours, for output that is not a terminal; empty without steps. */
export const drawnSequence = (steps: readonly SequenceStep[], columns: readonly string[]): string[] =>
  steps.length === 0 ? [] : drawSequence(steps, columns, PLAIN)

/** Returns the widths of the columns. If the sum is too large, narrows the widest columns first. */
function columnWidths(steps: readonly SequenceStep[], columns: readonly string[], room: number): number[] {
  const wanted = columns.map((column) =>
    Math.max(
      displayWidth(column),
      ...steps.filter(({ where }) => where === column).map(({ text }) => displayWidth(printable(text))),
    ),
  )
  const within = (most: number) => wanted.map((width) => Math.min(width, most))
  let most = Math.max(NARROWEST_COLUMN, ...wanted)
  while (most > NARROWEST_COLUMN && within(most).reduce((sum, width) => sum + width + GAP, 0) > room) most--
  return within(most)
}
