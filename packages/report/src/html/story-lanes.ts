import { isCut, type Links, lanesInOrder, wallsBetween } from '../lane-order.ts'
import type { Sign, StoryTelling } from '../played-story.ts'
import { type Html, html, svgPath } from './markup.ts'

/** The vertical line of a client or node. `at` is its position in percent of the width. */
export interface Lane {
  readonly name: string
  readonly at: number
}

const LINE_AT = 22
const TEXT_AT = 13

export const lanesOf = (telling: StoryTelling): readonly Lane[] =>
  lanesInOrder(telling).map((name, i, { length }) => ({ name, at: (100 * (i + 0.5)) / length }))

/** Returns the lanes of a story. If `others` are the same lanes, returns them in the order of `others`. */
export function lanesBeside(others: readonly Lane[], telling: StoryTelling): readonly Lane[] {
  const own = lanesOf(telling)
  const isSame = own.length === others.length && own.every(({ name }) => others.some((other) => other.name === name))
  return isSame ? others : own
}

export const signRow = (sign: Sign, lanes: readonly Lane[], walls: readonly Links[]): Html =>
  html`<svg role="img" aria-label="${labelOf(sign)}">${lanesAndWalls(lanes, walls)}${drawing(sign, lanes, walls)}</svg>`

/** Draws lanes, and a wall for each partition while it lasts. */
export const background = (lanes: readonly Lane[], walls: readonly Links[]): Html =>
  html`<svg class="back" aria-hidden="true">${lanesAndWalls(lanes, walls)}</svg>`

/** The fill pattern of the walls that stand for partitions. A page needs it only once. */
export const hatching: Html = html`<svg class="defs" width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs></svg>`

const lanesAndWalls = (lanes: readonly Lane[], walls: readonly Links[]): readonly Html[] => [
  ...lanes.map(({ at }) => html`<line class="life" x1="${at}%" y1="0" x2="${at}%" y2="100%"/>`),
  ...wallPlaces(lanes, walls.flat()).map(
    (at) => html`<rect class="wall" x="${at - 1}%" y="0" width="2%" height="100%"/>`,
  ),
]

const wallPlaces = (lanes: readonly Lane[], links: Links): readonly number[] =>
  wallsBetween(lanes, links).map(([one, next]) => (one.at + next.at) / 2)

const placeOf = (lanes: readonly Lane[], name: string): number => lanes.find((lane) => lane.name === name)?.at ?? 50

function drawing(sign: Sign, lanes: readonly Lane[], walls: readonly Links[]): Html {
  const at = (name: string): number => placeOf(lanes, name)
  switch (sign.type) {
    case 'call':
      return arrow(at(sign.from), at(sign.to), sign.text, 'call')
    case 'answer':
      return arrow(at(sign.from), at(sign.to), sign.text, sign.outcome)
    case 'message':
      return messageArrow({ from: at(sign.from), to: at(sign.to), stop: stopOf(sign, lanes, walls) }, sign)
    case 'cut':
    case 'restored':
      return html`<text x="${labelPlace(sign.between, lanes)}%" y="${LINE_AT}" class="t2">${sign.text}</text>`
    case 'fault':
    case 'healed':
      return chip(at(sign.node), sign.text)
    case 'state':
      return stateBox(sign.nodes.map(at), sign.text)
    default:
      return sign satisfies never
  }
}

/**
 * Returns the horizontal position of a partition's label, in percent: the position of the first wall between the
 * separated lanes or, if no wall is drawn, the middle of these lanes.
 */
function labelPlace(links: Links, lanes: readonly Lane[]): number {
  const [wall] = wallPlaces(lanes, links)
  if (wall !== undefined) return wall
  const places = lanes.filter(({ name }) => links.some((link) => link.includes(name))).map(({ at }) => at)
  return places.length === 0 ? 50 : (Math.min(...places) + Math.max(...places)) / 2
}

type Message = Extract<Sign, { readonly type: 'message' }>

/** Returns where the arrow of an undelivered message ends: at the first wall of a partition, otherwise halfway. */
function stopOf({ from, to }: Message, lanes: readonly Lane[], walls: readonly Links[]): number {
  const [start, end] = [placeOf(lanes, from), placeOf(lanes, to)]
  const met = walls
    .filter((links) => isCut(links, from, to))
    .flatMap((links) => wallPlaces(lanes, links))
    .filter((place) => place > Math.min(start, end) && place < Math.max(start, end))
  return met.length === 0 ? (start + end) / 2 : start < end ? Math.min(...met) : Math.max(...met)
}

interface Way {
  readonly from: number
  readonly to: number
  readonly stop: number
}

/** Draws the arrow of a request or an answer. Without an answer, the arrow ends halfway. */
function arrow(from: number, to: number, text: string, tone: 'call' | 'ok' | 'refused' | 'none'): Html {
  const ends = tone === 'none' ? svgPath('wall-edge', 'M-4-4 4 4M-4 4 4-4') : headMark(from, to, tone, 8)
  const way = { from, to, stop: tone === 'none' ? (from + to) / 2 : to }
  return html`${flow(way, tone, ends)}<text x="${middleOf(from, to, text)}%" y="${TEXT_AT}">${text}</text>`
}

/** Draws the arrow of a message. It ends at a cross if the message was lost, and at a bar if it was held. */
function messageArrow({ from, to, stop }: Way, { text, fate }: Message): Html {
  const arrived = fate === 'received'
  const stopped = svgPath('stop', fate === 'lost' ? 'M-5-5 5 5M-5 5 5-5' : 'M0-8V8')
  const ends = arrived ? headMark(from, to, 'message', 7) : stopped
  const line = flow({ from, to, stop: arrived ? to : stop }, `message${arrived ? '' : ' stopped'}`, ends)
  return html`${line}<text class="message-text" x="${middleOf(from, to, text)}%" y="${TEXT_AT}">${text}${arrived ? '' : `, ${fate}`}</text>`
}

const flow = ({ from, stop }: Way, tone: string, ends: Html): Html =>
  html`<line class="flow ${tone}" x1="${from}%" y1="${LINE_AT}" x2="${stop}%" y2="${LINE_AT}"/><svg x="${stop}%" y="${LINE_AT}" overflow="visible">${ends}</svg>`

function headMark(from: number, to: number, tone: string, length: number): Html {
  const back = to > from ? -length : length
  return html`<polygon class="head-mark ${tone}" points="${`0,0 ${back},${-length / 2} ${back},${length / 2}`}"/>`
}

const middleOf = (from: number, to: number, text: string): number => (text.length > 36 ? 50 : (from + to) / 2)

/** Draws one box over the lanes of nodes that give the same answer. */
function stateBox(places: readonly number[], text: string): Html {
  const [from, to] = [Math.min(...places) - 4, Math.max(...places) + 4]
  return html`<rect class="box" x="${from}%" y="6" width="${to - from}%" height="22" rx="4"/><text x="${(from + to) / 2}%" y="21">${text}</text>`
}

const chip = (at: number, text: string): Html =>
  html`<svg x="${at}%" y="${LINE_AT - 5}" overflow="visible"><rect class="box fault" x="${-widthOf(text) / 2}" y="-11" width="${widthOf(text)}" height="22" rx="4"/><text x="0" y="4">${text}</text></svg>`

const widthOf = (text: string): number => text.length * 6.6 + 14

function labelOf(sign: Sign): string {
  switch (sign.type) {
    case 'call':
      return `${sign.from} asks ${sign.to}: ${sign.text}`
    case 'answer':
      return sign.outcome === 'none'
        ? `${sign.to} gets no answer from ${sign.from}`
        : `${sign.from} answers ${sign.to}: ${sign.text}`
    case 'message':
      return `${sign.from} sends ${sign.to}: ${sign.text}, ${sign.fate}`
    case 'cut':
    case 'restored':
      return sign.text
    case 'fault':
    case 'healed':
      return `${sign.node}: ${sign.text}`
    case 'state':
      return `${sign.nodes.join(', ')}: ${sign.text}`
    default:
      return sign satisfies never
  }
}
