import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { count, duration, type History, hasTimes, moment, plural } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'
import { decisive } from '../facts/gap.ts'
import { during } from '../fault-labels.ts'
import { reproach } from '../moments.ts'
import {
  hasReturned,
  linesOf,
  nameText,
  nodeOf,
  type OperationEvent,
  operationText,
  rowsOf,
} from '../operation-words.ts'
import { linesText } from '../places.ts'
import { clockOf, type Sheet } from '../sheets/sheet.ts'
import { distinguishingDigits } from '../words.ts'
import { type Canvas, canvas } from './canvas.ts'
import { type Box, type Layout, layOut } from './layout.ts'
import type { Paint, Style, Symbols } from './style.ts'
import { type Cell, fittingTable, table } from './table.ts'
import { clip, displayWidth, padStart, wrap } from './width.ts'

/**
 * Maximum number of operations in a picture. A larger picture explains nothing, so the operations are listed instead.
 */
const MOST_DRAWN = 14
/** Maximum number of listed operations; the report has the others. */
const MOST_LISTED = 4
const NARROWEST_REQUEST = 16
/**
 * A pause longer than the usual one by this factor gets a mark, because the distance between rows does not show its
 * length.
 */
const LONG_PAUSE = 20

export interface DrawingOptions {
  readonly width: number
  readonly style: Style
  readonly symbols: Symbols
  readonly listed?: boolean | undefined
}

/**
 * Draws the counterexample, or lists its operations if the picture does not fit. Time runs downwards; each operation is
 * a box in the lane of its node.
 */
export function drawCounterexample(
  history: History,
  counterexample: Counterexample,
  spans: readonly FaultSpan[],
  options: DrawingOptions,
): string[] {
  if (options.listed === true || counterexample.operations.length > MOST_DRAWN)
    return listCounterexample(history, counterexample, options)
  const labelWidth = widthOfLabels(labelsOf(history, layOut(history, counterexample, 0).rows))
  const layout = layOut(history, counterexample, labelWidth + 5)
  const lines = draw(history, counterexample, spans, layout, options)
  return lines.some((line) => displayWidth(line) > options.width)
    ? listCounterexample(history, counterexample, options)
    : lines
}

function draw(
  history: History,
  counterexample: Counterexample,
  spans: readonly FaultSpan[],
  layout: Layout,
  options: DrawingOptions,
): string[] {
  const { style, symbols } = options
  const labels = labelsOf(history, layout.rows)
  const labelWidth = widthOfLabels(labels)
  const pauses = longPauses(history, layout.rows)
  const heights = layout.rows.map((_, i) => 1 + i + pauses.filter((pause) => pause <= i).length)
  const sheet = canvas()
  sheet.write(0, 0, padStart(hasTimes(history) ? 'time' : 'line', labelWidth), style.dim)
  for (const lane of layout.lanes) sheet.write(0, lane.column, lane.name, style.bold)
  for (const [i, row] of layout.rows.entries()) {
    const height = heights[i] ?? 0
    sheet.write(height, 0, padStart(labels[i] ?? '', labelWidth), style.dim)
    if (hasTimes(history) && during(spans, row.time, row.time).length > 0)
      sheet.write(height, labelWidth + 2, symbols.shade, style.yellow)
    if (!pauses.includes(i)) continue
    const pause = `${symbols.gap} ${duration(row.time - (layout.rows[i - 1]?.time ?? 0))}`
    sheet.write(height - 1, 0, padStart(pause, labelWidth), style.dim)
  }
  const after = (heights[heights.length - 1] ?? 0) + 1
  const boxes = layout.boxes.map((box) => ({
    ...box,
    top: heights[box.top] ?? 0,
    bottom: heights[box.bottom] ?? after,
  }))
  for (const box of boxes) drawBox(sheet, history, box, paintOf(counterexample, box, style), symbols)
  const below = accuse(sheet, history, counterexample, boxes, options)
  return [...sheet.lines(), ...below]
}

function labelsOf(history: History, rows: readonly OperationEvent[]): string[] {
  if (!hasTimes(history)) return rows.map((row) => count(row.line))
  const digits = distinguishingDigits(
    rows.map((row) => row.time),
    6,
  )
  return rows.map((row) => moment(row.time, digits))
}

const widthOfLabels = (labels: readonly string[]): number => Math.max('line'.length, ...labels.map(displayWidth))

function paintOf(counterexample: Counterexample, box: Box, style: Style): Paint | undefined {
  if (box.operation === counterexample.culprit) return style.accent
  return box.role === 'context' ? style.dim : undefined
}

function drawBox(sheet: Canvas, history: History, box: Box, paint: Paint | undefined, symbols: Symbols): void {
  const answered = hasReturned(history, box.operation)
  sheet.write(box.top, box.column, `${symbols.boxTop} ${box.request}`, paint)
  for (let row = box.top + 1; row < box.bottom; row++)
    sheet.write(row, box.column, answered ? symbols.boxSide : symbols.open, paint)
  sheet.write(box.bottom, box.column, `${answered ? symbols.boxBottom : symbols.open} ${box.answer}`, paint)
}

/** Writes the reason next to the culprit. Returns the part of the reason that did not fit. */
function accuse(
  sheet: Canvas,
  history: History,
  counterexample: Counterexample,
  boxes: readonly Box[],
  options: DrawingOptions,
): string[] {
  const { style, symbols } = options
  const culprit = boxes.find((box) => box.operation === counterexample.culprit)
  if (culprit === undefined) return []
  const because = reproach(history, counterexample)
  const from = boxes.find((box) => box.operation === because?.by)
  if (from !== undefined) drawWay(sheet, from, culprit, options)
  const row = culprit.bottom
  const column = sheet.end(row) + 3
  const reason =
    because?.text ??
    (counterexample.edges === undefined && counterexample.operations.length > 1
      ? 'no order of these operations explains this'
      : 'this cannot be')
  const beside = `${symbols.violated} ${reason}`
  if (column + displayWidth(beside) <= options.width) {
    sheet.write(row, column, beside, style.accent)
    return []
  }
  sheet.write(row, column, symbols.violated, style.accent)
  const indent = '  '
  return wrap(beside, options.width - indent.length).map((line) => indent + style.accent(line))
}

/** Draws a line from `from` to `to`, through the gutter next to the lane of `to`. */
function drawWay(sheet: Canvas, from: Box, to: Box, { style, symbols }: DrawingOptions): void {
  if (from.column === to.column || to.top <= from.bottom) return
  const start = from.bottom
  const end = to.top
  const rightward = to.column > from.column
  const gutter = rightward ? to.column - 3 : from.column - 2
  const paint = style.accent
  if (rightward) {
    const text = from.column + 3 + displayWidth(from.answer)
    if (text > gutter) return
    sheet.write(start, text, symbols.line.repeat(gutter - text) + symbols.cornerRight, paint)
    sheet.write(end, gutter, symbols.railEnd + symbols.line, paint)
  } else {
    const text = to.column + 3 + displayWidth(to.request)
    if (text >= gutter) return
    sheet.write(start, gutter, symbols.cornerLeft + symbols.line, paint)
    sheet.write(end, text, symbols.line.repeat(gutter - text) + symbols.cornerUp, paint)
  }
  for (let row = start + 1; row < end; row++) sheet.write(row, gutter, symbols.rail, paint)
}

function longPauses(history: History, rows: readonly OperationEvent[]): number[] {
  if (!hasTimes(history)) return []
  const pauses = rows.slice(1).map((row, i) => row.time - (rows[i]?.time ?? 0))
  const usual = [...pauses].sort((a, b) => a - b)[Math.floor(pauses.length / 2)] ?? 0
  return pauses.flatMap((pause, i) => (pause > usual * LONG_PAUSE && pause > 1e6 ? [i + 1] : []))
}

/** Renders a contradiction as a table, with a mark before each contradicting row. */
export function sheetLines({ title, columns, rows }: Sheet, { width, style, symbols }: DrawingOptions): string[] {
  const cells = rows.map(({ cells, wrong = [], look }) =>
    columns.map((_, i): Cell => {
      const paint = wrong.includes(i) ? style.accent : look === 'faint' ? style.dim : undefined
      return { text: cells[i] ?? '', paint }
    }),
  )
  const lines = fittingTable(columns, cells, style.dim, { air: 2, width: width - 2 })
  const marked = lines.map((line, i) => {
    // For each group of columns, `fittingTable` prints a line of titles, all rows, and a blank line.
    const row = rows[(i % (rows.length + 2)) - 1]
    const isWrong = row?.wrong !== undefined && row.wrong.length > 0
    return `${isWrong ? style.accent(symbols.violated) : ' '} ${line}`.trimEnd()
  })
  return [...wrap(title, width), ...marked]
}

/** Lists the operations, if a picture does not fit. */
function listCounterexample(history: History, counterexample: Counterexample, options: DrawingOptions): string[] {
  const { style, symbols, width } = options
  const shown = rowsOf(decisive(history, counterexample, MOST_LISTED))
  const at = clockOf(history, shown)
  const what = (row: OperationRow): string => operationText(history, row, { withKey: counterexample.keys.length > 0 })
  const listedWith = (most: number, hasLines: boolean): string[] => {
    const rows = shown.map((row) => {
      const cells = [
        ...(hasTimes(history) ? [`${at(row, 'call')} ${symbols.to} ${at(row, 'return')}`] : []),
        clip(what(row), most, symbols.ellipsis),
        nameText(nodeOf(history, row) ?? ''),
        ...(hasLines ? [linesText(history, linesOf(history, row))] : []),
      ]
      const isWrong = row === counterexample.culprit
      const mark = `${isWrong ? symbols.violated : ' '} `
      return cells
        .map((text, i) => (i === 0 ? mark + text : text))
        .map((text) => (isWrong ? { text, paint: style.accent } : text))
    })
    const columns = Array.from(rows[0] ?? [], () => ({ title: '' }))
    return table(columns, rows, style.dim, 2).slice(1)
  }
  const over = (lines: readonly string[]): number => Math.max(...lines.map(displayWidth)) - width
  const longest = Math.max(...shown.map((row) => displayWidth(what(row))))
  const [whole, brief] = [listedWith(longest, true), listedWith(longest, false)]
  const lines =
    over(whole) <= 0
      ? whole
      : over(brief) <= 0
        ? brief
        : listedWith(Math.max(NARROWEST_REQUEST, longest - over(brief)), false)
  const more = counterexample.operations.length - shown.length
  const left = `  ${plural(more, 'more operation')}, which the report shows`
  return [...(more > 0 ? [style.dim(left)] : []), ...lines.map((line) => line.trimEnd())]
}
