import { type Nanos, nanosToMillis } from '@chaos/history'
import { printable } from '../operation-words.ts'
import type { PageStyle } from './evidence.ts'
import { clip, padEnd } from './width.ts'

/** One thing that happened somewhere, as a sequence diagram shows it. */
export interface SequenceStep {
  readonly at: Nanos
  /** A column: a node, or the clients. */
  readonly where: string
  readonly text: string
  readonly tone: 'call' | 'return' | 'note' | 'fault' | 'heal' | 'wrong'
}

const TIME_WIDTH = 11
const WIDEST_COLUMN = 34
const GAP = 2

/** Who did what when: a column for the clients and for each node, time downwards. Steps are in order of their times. */
export function drawSequence(
  steps: readonly SequenceStep[],
  columns: readonly string[],
  { width, style, symbols }: PageStyle,
): string[] {
  const room = Math.floor((width - TIME_WIDTH) / Math.max(1, columns.length)) - GAP
  const wide = Math.max(8, Math.min(WIDEST_COLUMN, room))
  const paint = {
    call: (text: string) => text,
    return: style.green,
    note: style.dim,
    fault: style.yellow,
    heal: style.yellow,
    wrong: (text: string) => style.bold(style.accent(text)),
  }
  const cell = (text: string): string => padEnd(clip(printable(text), wide, symbols.ellipsis), wide + GAP)
  const header = style.bold(`${padEnd('time', TIME_WIDTH)}${columns.map(cell).join('')}`.trimEnd())
  let before: Nanos | undefined
  const rows = steps.map(({ at, where, text, tone }) => {
    const time = at === before ? '' : timeText(at)
    before = at
    const cells = columns.map((column) => (column === where ? paint[tone](cell(text)) : cell(symbols.open)))
    return `${style.dim(padEnd(time, TIME_WIDTH))}${cells.join('')}`
  })
  return [header, ...rows]
}

const timeText = (at: Nanos): string => `${nanosToMillis(at).toFixed(1)} ms`
