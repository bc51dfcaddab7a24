import type { Counterexample, DrawnTransaction, TransactionArrow, TransactionDrawing } from '@chaosproxy/checker'
import { type History, hasTimes, moment, plural } from '@chaosproxy/history'
import { clientOfInWords, linesOf } from '../operation-words.ts'
import { linesText } from '../places.ts'
import { clip, wrap } from '../terminal/width.ts'
import {
  arrowLabel,
  arrowSentence,
  arrowWords,
  didTexts,
  endText,
  laneLayout,
  nameOfPart,
  othersText,
  type PlacedTransaction,
} from '../transactions/lanes.ts'
import { distinguishingDigits, nonEmpty } from '../words.ts'
import { type Arc, along, type Box, boxAround, overlaps, type Point, pathOf } from './arc-label.ts'
import { CHARACTER } from './bar-labels.ts'
import { arrowTips } from './cycle-arcs.ts'
import { type Html, html, listOf, note, svgPath, svgText } from './markup.ts'

/** Maximum number of lanes, and of transactions, in a drawing; more are listed. */
const MOST_LANES = 6
const MOST_DRAWN = 14
const MOST_LISTED = 24

const AXIS = 78
const TOP = 34
const HEAD = 28
const LINE = 19
const SQL_LINE = 15
const GAP = 18
const PADDING = 12
/** Width of a character of an SQL statement, in pixels. */
const SQL_CHARACTER = 6.7
/** Maximum number of lines of one text. */
const MOST_LINES = 3

const laneCount = (history: History, drawing: TransactionDrawing): number =>
  laneLayout(history, drawing, { ofPart: () => 1, ofGap: 1 }).lanes.length

export const canDraw = (history: History, drawing: TransactionDrawing): boolean =>
  drawing.parts.length <= MOST_DRAWN && laneCount(history, drawing) <= MOST_LANES

export function transactionsList(history: History, { parts, arrows }: TransactionDrawing): Html {
  const items = parts.slice(0, MOST_LISTED).map((part, i) => {
    const [line] = linesOf(history, part.operation)
    const did = didTexts(part).join(', ')
    const who = clientOfInWords(history, part.operation)
    return html`<li class="core" data-step="${i + 1}" data-line="${line ?? 0}" tabindex="0"><b>${nameOfPart(i)}</b> ${who}: ${did}<small>${endText(history, part)} · ${linesText(history, linesOf(history, part.operation))}</small></li>`
  })
  const more = parts.length - items.length
  return html`<ol class="story">${items}</ol>${more !== 0 && note(`${plural(more, 'more transaction')}.`)}${listOf('edges', arrows.slice(0, MOST_LISTED).map(arrowSentence))}`
}

interface Place {
  readonly width: number
  readonly place?: (width: number, height: number) => Html | undefined
}

/**
 * Draws a lane for each client, with time downwards. Arrows show the steps of a cycle, or the writes on which a single
 * read depends.
 */
export function transactionsSvg(
  history: History,
  { level }: Counterexample,
  drawing: TransactionDrawing,
  { width, place = () => undefined }: Place,
): Html {
  const columns = columnsFor(laneCount(history, drawing), width)
  const texts = drawing.parts.map((part, i) =>
    textsOf(
      part,
      new Set(drawing.arrows.flatMap(({ from, to }) => [from, to]).flatMap((end) => (end.part === i ? end.step : []))),
      columns.box,
    ),
  )
  const layout = laneLayout(history, drawing, {
    ofPart: (part) => HEAD + (texts[part]?.height ?? 0) + PADDING,
    ofGap: GAP,
  })
  const height = TOP + layout.bottom + (layout.parts.some(({ hasEnded }) => !hasEnded) ? GAP : 8)
  const boxes = layout.parts.map((placed): Box => {
    const left = columns.left(placed.lane)
    return { left, right: left + columns.box, top: TOP + placed.top, bottom: TOP + placed.bottom }
  })
  const arrows = arrowsMarkup(drawing, level, { boxes, texts, parts: layout.parts, width, height })
  const digits = distinguishingDigits(
    layout.moments.map(({ nanos }) => nanos),
    6,
  )
  return html`<svg class="why-svg"${place(width, height)} viewBox="0 0 ${width} ${height}" role="group" aria-label="The ${drawing.parts.length} transactions, by client, time running down">
<defs>${arrowTips(level)}</defs>
${layout.lanes.map((name, lane) => {
  const x = columns.left(lane) + columns.box / 2
  return html`${svgText('client', x, 16, clip(name, Math.floor(columns.box / CHARACTER)))}${svgPath('lane', html`M${x} 24V${height}`)}`
})}
${
  hasTimes(history) &&
  layout.moments.map(
    ({ nanos, y }) =>
      html`${svgPath('grid', html`M${AXIS - 8} ${TOP + y}H${width}`)}${svgText('right t2', AXIS - 14, TOP + y + 4, moment(nanos, digits))}`,
  )
}
${arrows.map(({ path }) => path)}
${layout.parts.map((placed) => boxMarkup(history, drawing, placed, boxes[placed.part], texts[placed.part]))}
${arrows.map(({ words }) => words)}
</svg>`
}

/** Returns the width and the positions of boxes, with room for arrows and labels between. */
function columnsFor(lanes: number, width: number): { readonly box: number; readonly left: (lane: number) => number } {
  const room = width - AXIS - 2
  const gutter = lanes === 1 ? 0 : Math.max(92, Math.min(210, room / (2 * lanes)))
  const box = lanes === 1 ? Math.min(room, 460) : (room - gutter * (lanes - 1)) / lanes
  return { box, left: (lane) => AXIS + lane * (box + gutter) }
}

interface TextLine {
  readonly text: string
  /** Vertical middle of the line, in pixels from the top of the box. */
  readonly y: number
  readonly look: 'step' | 'sql' | 'others' | 'wrong'
}

interface Texts {
  readonly lines: readonly TextLine[]
  readonly steps: readonly number[]
  readonly height: number
}

function textsOf(part: DrawnTransaction, joined: ReadonlySet<number | undefined>, width: number): Texts {
  const lines: TextLine[] = []
  const steps: number[] = []
  let y = HEAD
  const write = (text: string, look: TextLine['look'], height: number, character: number): void => {
    const most = Math.floor((width - 22) / character)
    const all = wrap(text, most)
    for (const [i, line] of all.slice(0, MOST_LINES).entries()) {
      const isCut = i === MOST_LINES - 1 && all.length > MOST_LINES
      lines.push({ text: clip(isCut ? `${line} …` : line, most), y: y + height / 2, look })
      y += height
    }
  }
  for (const [i, { text, sql, isWrong }] of part.steps.entries()) {
    steps.push(y + LINE / 2)
    // Steps without an arrow are drawn, too, but fainter: a later database write may depend on them.
    const look = isWrong ? 'wrong' : joined.size === 0 || joined.has(i) ? 'step' : 'others'
    write(isWrong ? `${text} ✘` : text, look, LINE, CHARACTER)
    if (sql !== undefined) write(sql, 'sql', SQL_LINE, SQL_CHARACTER)
  }
  const others = othersText(part)
  if (others !== '') write(`… ${others}`, 'others', LINE, CHARACTER)
  if (part.why !== undefined) write(part.why, 'others', LINE, CHARACTER)
  return { lines, steps, height: y - HEAD }
}

const looks: { readonly [look in TextLine['look']]: string } = {
  step: 'did',
  sql: 'did sql',
  others: 'did t2',
  wrong: 'did badtext',
}

function boxMarkup(
  history: History,
  drawing: TransactionDrawing,
  { part, hasEnded }: PlacedTransaction,
  box: Box | undefined,
  texts: Texts | undefined,
): Html | undefined {
  const drawn = drawing.parts[part]
  if (drawn === undefined || box === undefined || texts === undefined) return undefined
  const name = nameOfPart(part)
  const lines = linesOf(history, drawn.operation)
  const end = endText(history, drawn)
  const did = [...drawn.steps.map(({ text }) => text), drawn.why ?? []].flat().join(', ')
  const description = `Transaction ${name}, ${end}: ${did}`
  const [left, right] = [box.left + 11, box.right - 11]
  const cited = clip(linesText(history, lines), Math.floor((right - left) / CHARACTER) - name.length - end.length - 4)
  return html`<g class="op txn" data-step="${part + 1}" data-line="${lines[0] ?? 0}" tabindex="-1" role="img" aria-label="${description}"><rect class="txn-box${end === 'committed' ? '' : ' open'}" x="${box.left}" y="${box.top}" width="${box.right - box.left}" height="${box.bottom - box.top}" rx="5"/>${svgText('txn-name', left, box.top + 19, name)}${svgText('t2', left + 26, box.top + 19, hasEnded || end !== 'committed' ? end : '')}${cited.length < 6 ? undefined : svgText('right t2', right, box.top + 19, cited)}${texts.lines.map(
    ({ text, y, look }) => svgText(looks[look], left, box.top + y + 4, text),
  )}</g>`
}

interface Side {
  readonly point: Point
  /** 1 for the box's right side, -1 for its left. */
  readonly side: 1 | -1
}

interface Placed {
  readonly boxes: readonly Box[]
  readonly texts: readonly Texts[]
  readonly parts: readonly PlacedTransaction[]
  readonly width: number
  readonly height: number
}

function arrowsMarkup(
  drawing: TransactionDrawing,
  level: string,
  { boxes, texts, parts, width, height }: Placed,
): readonly ArrowMarkup[] {
  const used = new Map<string, number>()
  const taken: Box[] = [...boxes, { left: 0, right: width, top: height - 2, bottom: height + 100 }]
  /** Arrows at one place are drawn one below another. */
  const sideOf = (part: number, step: number | undefined, isBegin: boolean, side: 1 | -1): Side => {
    const box = boxes[part]
    if (box === undefined) return { point: { x: 0, y: 0 }, side }
    const whole = isBegin ? box.bottom - 9 : box.top + 14
    const y = step === undefined ? whole : box.top + (texts[part]?.steps[step] ?? 0)
    const place = `${part} ${side} ${y}`
    const before = used.get(place) ?? 0
    used.set(place, before + 1)
    return { point: { x: side === 1 ? box.right : box.left, y: y + before * 7 }, side }
  }
  const laneOf = (part: number): number => parts.find((placed) => placed.part === part)?.lane ?? 0
  const arcs = drawing.arrows.map(({ from, to }) => {
    const isRight = laneOf(to.part) >= laneOf(from.part)
    const isSame = laneOf(to.part) === laneOf(from.part)
    const begin = sideOf(from.part, from.step, true, isRight ? 1 : -1)
    const end = sideOf(to.part, to.step, false, isRight !== isSame ? -1 : 1)
    return arcBetween(begin, end)
  })
  const points = arcs.flatMap((arc) => POINTS.map((share) => along(arc, share)))
  return drawing.arrows.flatMap((arrow, i) => {
    const arc = arcs[i]
    return arc === undefined ? [] : arrowMarkup(arrow, i, level, arc, { taken, points })
  })
}

/** Parameters, from 0 to 1, of points on the Bézier curve of an arrow. Labels avoid these points. */
const POINTS = Array.from({ length: 41 }, (_, i) => i / 40)

function arcBetween(begin: Side, end: Side): Arc {
  const reach = begin.side === end.side ? 60 : Math.max(30, Math.abs(end.point.x - begin.point.x) * 0.45)
  return [
    begin.point,
    { x: begin.point.x + begin.side * reach, y: begin.point.y },
    { x: end.point.x + end.side * reach, y: end.point.y },
    { x: end.point.x + end.side * 2, y: end.point.y },
  ]
}

interface Around {
  /** Covered areas: boxes, and labels of other arrows. */
  readonly taken: Box[]
  readonly points: readonly Point[]
}

/** The markup of an arrow. The boxes are drawn over its line, and its label is drawn over the boxes. */
interface ArrowMarkup {
  readonly path: Html
  readonly words: Html
}

function arrowMarkup(
  arrow: TransactionArrow,
  i: number,
  level: string,
  arc: Arc,
  { taken, points }: Around,
): ArrowMarkup {
  // Arrows of observed steps have a calm colour. Arrows that contradict these steps are red.
  const calm = arrow.edge !== 'rw' ? ' calm' : ''
  const words = nonEmpty([arrowWords[arrow.edge], clip(arrowLabel(arrow), 26)])
  const half = (Math.max(...words.map((text) => text.length)) * CHARACTER * 1.08) / 2
  const tall = words.length * 7.5
  const at = placeOfLabel(arc, { half, tall }, { taken, points })
  taken.push(boxAround(at, half, tall))
  const tip = calm === '' ? `tip-${level}` : `tip-calm-${level}`
  return {
    path: html`<path class="arc${calm}" marker-end="url(#${tip})" d="${pathOf(arc)}"/>`,
    words: html`<g class="edge" data-edge="${i + 1}" role="img" aria-label="${arrowSentence(arrow)}"><title>${arrowSentence(arrow)}</title>${words.map(
      (text, line) =>
        svgText(`arc-text${calm}${line === 0 ? '' : ' t2'}`, at.x, at.y + (line - words.length / 2) * 15 + 11, text),
    )}</g>`,
  }
}

interface Size {
  readonly half: number
  readonly tall: number
}

/** Positions to try for a label, as shares of the way along its arrow. The best, in the first half, come first. */
const SHARES = [0.35, 0.3, 0.4, 0.25, 0.45, 0.5, 0.2, 0.55, 0.6, 0.65, 0.7, 0.15, 0.75, 0.8, 0.85]
const SHIFTS = [-1, 1, -1.6, 1.6, -2.4, 2.4, -3.4, 3.4]

/** Returns a place for a label beside an arrow, clear of boxes and labels, and of most lines. */
function placeOfLabel(arc: Arc, { half, tall }: Size, { taken, points }: Around): Point {
  let best: { readonly place: Point; readonly cost: number } | undefined
  for (const shift of SHIFTS)
    for (const share of SHARES) {
      const { x, y } = along(arc, share)
      const place = { x, y: y + shift * (tall + 3) }
      const box = boxAround(place, half, tall)
      const crossed = points.filter((p) => p.x > box.left && p.x < box.right && p.y > box.top && p.y < box.bottom)
      const cost = crossed.length + (taken.some((other) => overlaps(other, box)) ? 1_000 : 0)
      if (best === undefined || cost < best.cost) best = { place, cost }
    }
  return best?.place ?? along(arc, 0.5)
}
