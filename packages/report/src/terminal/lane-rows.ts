import { moment, momentInMillis } from '@chaosproxy/history'
import { cutsAfter, type Links, wallsBetween } from '../lane-order.ts'
import { printable } from '../operation-words.ts'
import type { Sign } from '../played-story.ts'
import { type Canvas, canvas } from './canvas.ts'
import type { PageStyle } from './evidence.ts'
import { asIs, type Paint, type Symbols } from './style.ts'
import { clip, displayWidth } from './width.ts'

/** Draws the rows of a story one after another. */
interface LaneRows {
  readonly header: string
  row(sign: Sign): string
}

interface Lane {
  readonly name: string
  readonly column: number
}

/** A range of columns that a text may occupy. */
interface Room {
  readonly from: number
  readonly to: number
}

const WIDEST_LANE = 24
const NARROW_PAGE = 60

/** Creates a drawing with lanes from left to right and time running downwards. */
export function laneRows(names: readonly string[], page: PageStyle): LaneRows {
  const { width, style, symbols } = page
  const timeWidth = width < NARROW_PAGE ? 8 : 11
  const first = timeWidth + Math.min(4, Math.ceil(displayWidth(names[0] ?? '') / 2))
  const between = Math.floor((width - first - 5) / Math.max(1, names.length - 1))
  const spacing = Math.max(2, Math.min(WIDEST_LANE, between))
  const lanes = names.map((name, i) => ({ name: printable(name), column: first + i * spacing }))
  let cuts: readonly Links[] = []
  const down = new Set<string>()
  const sheet = { lanes, width, page }
  const head = canvas()
  for (const { name, column } of lanes)
    writeCentred(head, column, clip(name, spacing - 1, symbols.ellipsis), style.bold)
  return {
    header: head.lines()[0] ?? '',
    row(sign) {
      cuts = cutsAfter(cuts, sign)
      if (sign.type === 'healed') down.delete(sign.node)
      const row = canvas()
      row.write(
        0,
        0,
        clip(timeWidth < 11 ? moment(sign.at, 2) : momentInMillis(sign.at), timeWidth - 1, symbols.ellipsis),
        style.dim,
      )
      drawSign(row, sign, sheet)
      if (sign.type === 'fault') down.add(sign.node)
      for (const [{ column }, next] of wallsBetween(lanes, cuts.flat()))
        row.write(0, Math.round((column + next.column) / 2), symbols.wall, style.yellow)
      for (const { name, column } of lanes)
        row.write(0, column, down.has(name) ? symbols.open : symbols.boxSide, style.dim)
      return (row.lines()[0] ?? '').trimEnd()
    },
  }
}

interface Sheet {
  readonly lanes: readonly Lane[]
  readonly width: number
  readonly page: PageStyle
}

function drawSign(row: Canvas, sign: Sign, sheet: Sheet): void {
  const { style, symbols } = sheet.page
  switch (sign.type) {
    case 'call':
      drawArrow(row, sign, { tone: asIs, sheet, arrives: true })
      return
    case 'answer': {
      const tone = sign.outcome === 'ok' ? style.green : sign.outcome === 'refused' ? style.yellow : style.accent
      drawArrow(row, sign, { tone, sheet, arrives: sign.outcome !== 'none' })
      return
    }
    case 'message': {
      const arrives = sign.fate === 'received'
      const text = arrives ? sign.text : `${sign.text}, ${sign.fate}`
      drawArrow(row, { ...sign, text }, { tone: style.dim, sheet, arrives })
      return
    }
    case 'cut':
    case 'restored':
      writeWhereRoom(row, sign.text, [lastRoom(sheet)], { paint: style.yellow, symbols })
      return
    case 'fault':
    case 'healed':
      writeAt(row, [sign.node], sign.text, { paint: style.yellow, sheet })
      return
    case 'state':
      writeAt(row, sign.nodes, sign.text, { paint: style.bold, sheet })
      return
    default:
      sign satisfies never
  }
}

const placeOf = ({ lanes }: Sheet, name: string): number =>
  lanes.find((lane) => lane.name === printable(name))?.column ?? lanes[0]?.column ?? 0

/**
 * Returns the columns to the right of the last lane. If they are too few, returns those to the right of the first lane.
 */
function lastRoom({ lanes, width }: Sheet): Room {
  const last = lanes.at(-1)?.column ?? 0
  const first = lanes[0]?.column ?? 0
  return width - last > 30 ? { from: last + 3, to: width } : { from: first + 2, to: width }
}

interface Arrow {
  readonly tone: Paint
  readonly sheet: Sheet
  readonly arrives: boolean
}

/** Draws an arrow between two lanes, with its text on it or beside it. */
function drawArrow(
  row: Canvas,
  { from, to, text }: { readonly from: string; readonly to: string; readonly text: string },
  { tone, sheet, arrives }: Arrow,
): void {
  const { symbols } = sheet.page
  const [begin, end] = [placeOf(sheet, from), placeOf(sheet, to)]
  const isRight = end >= begin
  const [left, right] = [Math.min(begin, end), Math.max(begin, end)]
  row.write(0, begin, isRight ? symbols.teeRight : symbols.teeLeft, tone)
  const tip = arrives ? end + (isRight ? -1 : 1) : Math.round((begin + end) / 2)
  row.write(0, tip, arrives ? (isRight ? symbols.arrowRight : symbols.arrowLeft) : symbols.wall, tone)
  // If the arrow stops halfway, the text must not cover the arrow's tip.
  const on = arrives
    ? { from: left + 3, to: right - 2 }
    : isRight
      ? { from: left + 3, to: tip - 1 }
      : { from: tip + 2, to: right - 2 }
  const past = isRight ? { from: tip + 2, to: right - 1 } : { from: left + 2, to: tip - 1 }
  const beside = [
    ...(arrives ? [] : [past]),
    { from: right + 2, to: sheet.width },
    { from: (sheet.lanes[0]?.column ?? 0) - 2, to: left - 1 },
  ]
  if (text !== '') writeWhereRoom(row, text, [on, ...beside], { paint: tone, symbols })
  const [lineFrom, lineTo] = isRight ? [begin + 1, arrives ? end : tip] : [arrives ? end + 1 : tip, begin]
  for (let column = lineFrom; column < lineTo; column++) row.write(0, column, symbols.line, tone)
}

/** Writes a text at each node. A long text is written once, with the names of the nodes. */
function writeAt(
  row: Canvas,
  nodes: readonly string[],
  text: string,
  { paint, sheet }: { readonly paint: Paint; readonly sheet: Sheet },
): void {
  const [one, two] = sheet.lanes
  const spacing = one === undefined || two === undefined ? sheet.width : two.column - one.column
  const label = printable(text)
  if (displayWidth(label) < spacing) {
    for (const node of nodes) writeCentred(row, placeOf(sheet, node), label, paint)
    return
  }
  const whole = nodes.length === 1 ? label : `${nodes.map(printable).join(' ')}: ${label}`
  const start = Math.min(...nodes.map((node) => placeOf(sheet, node)))
  const from = Math.max(sheet.lanes[0]?.column ?? 0, Math.min(start, sheet.width - displayWidth(whole)))
  writeWhereRoom(row, whole, [{ from, to: sheet.width }], { paint, symbols: sheet.page.symbols })
}

function writeCentred(row: Canvas, column: number, text: string, paint: Paint): void {
  row.write(0, Math.max(0, column - Math.floor((displayWidth(text) - 1) / 2)), text, paint)
}

/**
 * Writes a text into the first range that has room for it. Without such a range, truncates the text into the widest.
 */
function writeWhereRoom(
  row: Canvas,
  text: string,
  rooms: readonly Room[],
  { paint, symbols }: { readonly paint: Paint; readonly symbols: Symbols },
): void {
  const label = printable(text)
  const widthOf = ({ from, to }: Room): number => to - from
  const widest = rooms.reduce((a, b) => (widthOf(b) > widthOf(a) ? b : a))
  const room = rooms.find((each) => displayWidth(label) <= widthOf(each)) ?? widest
  if (widthOf(room) > 0) row.write(0, room.from, clip(label, widthOf(room), symbols.ellipsis), paint)
}
