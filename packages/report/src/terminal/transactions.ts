import type { TransactionDrawing } from '@chaosproxy/checker'
import { type History, hasTimes, moment, plural } from '@chaosproxy/history'
import { clientOf, linesOf, printable } from '../operation-words.ts'
import { linesText } from '../places.ts'
import {
  arrowSentence,
  endText,
  type LaneLayout,
  laneLayout,
  nameOfPart,
  othersText,
  type PlacedTransaction,
} from '../transactions/lanes.ts'
import { distinguishingDigits, nonEmpty } from '../words.ts'
import { type Canvas, canvas } from './canvas.ts'
import type { DrawingOptions } from './drawing.ts'
import type { Paint } from './style.ts'
import { clip, displayWidth, padStart } from './width.ts'

const NARROWEST_LANE = 18
/** Maximum number of transactions to draw. */
const MOST_DRAWN = 6
const MOST_LISTED = 3
/** Maximum number of lines for the steps of a cycle. */
const MOST_STEPS = 8

/** Draws transactions with a lane for each client; time runs downwards. Equal letters mark the two ends of an arrow. */
export function drawTransactions(history: History, drawing: TransactionDrawing, options: DrawingOptions): string[] {
  const legend = legendOf(drawing, options)
  const texts = drawing.parts.map((_, part) => textsOf(drawing, part, options))
  if (drawing.parts.length > MOST_DRAWN) {
    if (legend.length > 0) return legend
    const more = options.style.dim(`${plural(drawing.parts.length - MOST_LISTED, 'more transaction')} in the report`)
    const parts = drawing.parts.slice(0, MOST_LISTED)
    return [...stacked(history, { ...drawing, parts }, texts, options), more]
  }
  const layout = laneLayout(history, drawing, { ofPart: (part) => (texts[part]?.length ?? 0) + 1, ofGap: 1 })
  const labels = labelsOf(history, layout)
  const left = Math.max(0, ...labels.map(displayWidth)) + 3
  const most = Math.floor((options.width - left) / layout.lanes.length)
  const needed = Math.max(
    ...layout.lanes.map(displayWidth),
    ...texts.flat().map(({ text, marks }) => displayWidth(text) + marks.length + 1),
  )
  const width = Math.min(most, Math.max(NARROWEST_LANE, needed + 5))
  const fits = texts.flat().every(({ text, marks, canCut }) => canCut || text.length + marks.length + 1 <= width - 4)
  const body = fits
    ? sideBySide(history, { drawing, texts, layout, labels, left, width }, options)
    : stacked(history, drawing, texts, options)
  return legend.length === 0 || options.listed === true ? body : [...body, '', ...legend]
}

interface Line {
  readonly text: string
  readonly marks: string
  readonly paint?: Paint | undefined
  readonly canCut?: boolean
}

/** Returns the letters of the arrows that begin or end at a step. */
function marksAt({ arrows }: TransactionDrawing, part: number, step: number | undefined, { symbols }: DrawingOptions) {
  return arrows.flatMap(({ from, to }, i) => [
    ...(from.part === part && from.step === step ? [`${symbols.line}${letterOf(i)}${symbols.arrowRight}`] : []),
    ...(to.part === part && to.step === step ? [`${symbols.arrowLeft}${letterOf(i)}${symbols.line}`] : []),
  ])
}

const letterOf = (arrow: number): string => String.fromCharCode(97 + (arrow % 26))

/** Returns the lines below a transaction's name. */
function textsOf(drawing: TransactionDrawing, part: number, options: DrawingOptions): readonly Line[] {
  const { style, symbols } = options
  const drawn = drawing.parts[part]
  if (drawn === undefined) return []
  const others = othersText(drawn)
  return [
    ...drawn.steps.flatMap(({ text, sql, isWrong }, step): Line[] => [
      {
        text: `${printable(text)}${isWrong ? ` ${symbols.violated}` : ''}`,
        marks: marksAt(drawing, part, step, options).join(' '),
        paint: isWrong ? style.accent : undefined,
      },
      ...(sql === undefined ? [] : [{ text: `  ${printable(sql)}`, marks: '', paint: style.dim, canCut: true }]),
    ]),
    ...(others === '' ? [] : [{ text: `${symbols.ellipsis} ${others}`, marks: '', paint: style.dim }]),
    ...(drawn.why === undefined ? [] : [{ text: printable(drawn.why), marks: '', paint: style.dim }]),
  ]
}

interface Sheet {
  readonly drawing: TransactionDrawing
  readonly texts: readonly (readonly Line[])[]
  readonly layout: LaneLayout
  readonly labels: readonly string[]
  readonly left: number
  readonly width: number
}

function sideBySide(history: History, sheet: Sheet, options: DrawingOptions): string[] {
  const { layout, labels, left, width } = sheet
  const { style } = options
  const page = canvas()
  page.write(0, 0, padStart(hasTimes(history) ? 'time' : '', left - 3), style.dim)
  for (const [i, name] of layout.lanes.entries())
    page.write(0, left + i * width, clip(name, width - 2, options.symbols.ellipsis), style.bold)
  for (const [i, { y }] of layout.moments.entries())
    page.write(y + 1, 0, padStart(labels[i] ?? '', left - 3), style.dim)
  for (const placed of layout.parts) box(page, history, placed, sheet, options)
  return page.lines().map((line) => line.trimEnd())
}

function box(page: Canvas, history: History, placed: PlacedTransaction, sheet: Sheet, options: DrawingOptions): void {
  const { drawing, texts, left, width } = sheet
  const { style, symbols } = options
  const { part, lane, top, bottom, hasEnded } = placed
  const drawn = drawing.parts[part]
  if (drawn === undefined) return
  const column = left + lane * width
  const room = width - 4
  const write = (row: number, sign: string, { text, marks, paint }: Line): void => {
    page.write(row, column, sign)
    const space = room - (marks === '' ? 0 : displayWidth(marks) + 1)
    const shown = clip(text, space, symbols.ellipsis)
    page.write(row, column + 2, shown, paint)
    if (marks !== '') page.write(row, column + 3 + displayWidth(shown), marks, style.accent)
  }
  const whole = marksAt(drawing, part, undefined, options)
  const begins = whole.filter((mark) => mark.startsWith(symbols.arrowLeft)).join(' ')
  const ends = whole.filter((mark) => !mark.startsWith(symbols.arrowLeft)).join(' ')
  write(top + 1, symbols.boxTop, { text: nameOfPart(part), marks: begins, paint: style.bold })
  for (let row = top + 2; row <= bottom; row++)
    write(row, hasEnded ? symbols.boxSide : symbols.open, texts[part]?.[row - top - 2] ?? { text: '', marks: '' })
  write(bottom + 1, hasEnded ? symbols.boxBottom : symbols.open, { text: endText(history, drawn), marks: ends })
}

/** Draws transactions one below another, in the order in which they began. */
function stacked(
  history: History,
  drawing: TransactionDrawing,
  texts: readonly (readonly Line[])[],
  { width, style, symbols }: DrawingOptions,
): string[] {
  return drawing.parts.flatMap((drawn, part) => {
    const { operation } = drawn
    const head = [
      clientOf(history, operation),
      linesText(history, linesOf(history, operation)),
      endText(history, drawn),
    ]
    return [
      `${style.bold(nameOfPart(part))}  ${clip(nonEmpty(head).join(', '), width - 5, symbols.ellipsis)}`,
      ...(texts[part] ?? []).map(({ text, marks, paint = (plain) => plain }) => {
        const shown = clip(text, width - 5 - displayWidth(marks), symbols.ellipsis)
        return `    ${paint(shown)}${marks === '' ? '' : ` ${style.accent(marks)}`}`
      }),
    ]
  })
}

function labelsOf(history: History, { moments }: LaneLayout): readonly string[] {
  if (!hasTimes(history)) return moments.map(() => '')
  const digits = distinguishingDigits(
    moments.map(({ nanos }) => nanos),
    6,
  )
  return moments.map(({ nanos }) => moment(nanos, digits))
}

function legendOf({ arrows }: TransactionDrawing, { width, style, symbols }: DrawingOptions): string[] {
  const legend = arrows.slice(0, MOST_STEPS).map((arrow, i) => {
    const text = clip(arrowSentence(arrow), width - 3, symbols.ellipsis)
    return `${style.accent(letterOf(i))}  ${text}`
  })
  const left = arrows.length - legend.length
  return left === 0 ? legend : [...legend, style.dim(`${symbols.ellipsis}  ${left} more in the report`)]
}
