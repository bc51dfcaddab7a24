import { lanesInOrder } from '../lane-order.ts'
import type { Sign, StoryTelling } from '../told-story.ts'
import { type Html, html } from './markup.ts'

/** The line of a client or node; `at` is its place, in percent of the width. */
export interface Lane {
  readonly name: string
  readonly at: number
}

/** Something that stands between two neighbouring lanes, and the text that began it. */
export interface Wall {
  readonly between: readonly (readonly [string, string])[]
  readonly text: string
}

const LINE_AT = 22
const TEXT_AT = 13

export const lanesOf = (telling: StoryTelling): readonly Lane[] =>
  lanesInOrder(telling).map((name, i, { length }) => ({ name, at: (100 * (i + 0.5)) / length }))

/** In the order of those beside it, if both tell of the same clients and nodes: the eye then finds each in the same place. */
export function lanesBeside(others: readonly Lane[], telling: StoryTelling): readonly Lane[] {
  const own = lanesOf(telling)
  const isSame = own.length === others.length && own.every(({ name }) => others.some((other) => other.name === name))
  return isSame ? others : own
}

/** The walls that stand once this has happened. */
export function wallsAfter(walls: readonly Wall[], sign: Sign): readonly Wall[] {
  if (sign.type === 'cut') return [...walls, { between: sign.between, text: sign.text }]
  if (sign.type !== 'restored') return walls
  const ends = JSON.stringify(sign.between)
  const place = walls.findIndex(({ between }) => JSON.stringify(between) === ends)
  return walls.filter((_, i) => i !== place)
}

/** A row of the drawing: the lanes, the walls, and what happens. */
export const signRow = (sign: Sign, lanes: readonly Lane[], walls: readonly Wall[]): Html =>
  html`<svg role="img" aria-label="${labelOf(sign)}">${lanesAndWalls(lanes, walls)}${drawing(sign, lanes, walls)}</svg>`

/** The lanes and walls behind something else: a wall stands for as long as the cut lasts. */
export const background = (lanes: readonly Lane[], walls: readonly Wall[]): Html =>
  html`<svg class="back" aria-hidden="true">${lanesAndWalls(lanes, walls)}</svg>`

/** What walls are filled with, once for a page. */
export const hatching: Html = html`<svg class="defs" width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs></svg>`

const lanesAndWalls = (lanes: readonly Lane[], walls: readonly Wall[]): readonly Html[] => [
  ...lanes.map(({ at }) => html`<line class="life" x1="${at}%" y1="0" x2="${at}%" y2="100%"/>`),
  ...wallRects(lanes, walls),
]

const wallRects = (lanes: readonly Lane[], walls: readonly Wall[]): readonly Html[] =>
  wallPlaces(
    lanes,
    walls.flatMap(({ between }) => between),
  ).map((at) => html`<rect class="wall" x="${at - 1}%" y="0" width="2%" height="100%"/>`)

type Links = Wall['between']

const isCut = (links: Links, one: string, other: string): boolean =>
  links.some(([from, to]) => (from === one && to === other) || (from === other && to === one))

/** A wall stands wherever these links, being cut, separate a lane from its neighbour: in the middle between the two. */
const wallPlaces = (lanes: readonly Lane[], links: Links): readonly number[] =>
  lanes.flatMap(({ name, at }, i) => {
    const next = lanes[i + 1]
    return next !== undefined && isCut(links, name, next.name) ? [(at + next.at) / 2] : []
  })

function drawing(sign: Sign, lanes: readonly Lane[], walls: readonly Wall[]): Html {
  const at = (name: string): number => lanes.find((lane) => lane.name === name)?.at ?? 50
  switch (sign.type) {
    case 'call':
      return arrow({ from: at(sign.from), to: at(sign.to), text: sign.text, tone: 'call' })
    case 'answer':
      return arrow({ from: at(sign.from), to: at(sign.to), text: sign.text, tone: sign.outcome })
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

/** Over its first wall or, where none of its links is between neighbours, between the lanes that it separates. */
function labelPlace(links: Links, lanes: readonly Lane[]): number {
  const [wall] = wallPlaces(lanes, links)
  if (wall !== undefined) return wall
  const places = lanes.filter(({ name }) => links.some((link) => link.includes(name))).map(({ at }) => at)
  return places.length === 0 ? 50 : (Math.min(...places) + Math.max(...places)) / 2
}

type Message = Extract<Sign, { readonly type: 'message' }>

/** Where a message that does not arrive ends: at the first wall it meets of the cut that stops it, or else halfway. */
function stopOf({ from, to }: Message, lanes: readonly Lane[], walls: readonly Wall[]): number {
  const at = (name: string): number => lanes.find((lane) => lane.name === name)?.at ?? 50
  const [start, end] = [at(from), at(to)]
  const met = walls
    .filter(({ between }) => isCut(between, from, to))
    .flatMap(({ between }) => wallPlaces(lanes, between))
    .filter((place) => place > Math.min(start, end) && place < Math.max(start, end))
  return met.length === 0 ? (start + end) / 2 : start < end ? Math.min(...met) : Math.max(...met)
}

interface Arrow {
  readonly from: number
  readonly to: number
  readonly text: string
  readonly tone: 'call' | 'ok' | 'refused' | 'none'
}

/** Without an answer the arrow ends halfway. */
function arrow({ from, to, text, tone }: Arrow): Html {
  const end = tone === 'none' ? (from + to) / 2 : to
  const points = to > from ? '0,0 -8,-4 -8,4' : '0,0 8,-4 8,4'
  const tip =
    tone === 'none'
      ? html`<svg x="${end}%" y="${LINE_AT}" overflow="visible"><path class="wall-edge" d="M-4-4 4 4M-4 4 4-4"/></svg>`
      : html`<svg x="${end}%" y="${LINE_AT}" overflow="visible"><polygon class="head-mark ${tone}" points="${points}"/></svg>`
  return html`<line class="flow ${tone}" x1="${from}%" y1="${LINE_AT}" x2="${end}%" y2="${LINE_AT}"/>${tip}<text x="${middleOf(from, to, text)}%" y="${TEXT_AT}">${text}</text>`
}

/** A text that is about as long as the drawing is wide stands in the middle of that. */
const middleOf = (from: number, to: number, text: string): number => (text.length > 36 ? 50 : (from + to) / 2)

interface Way {
  readonly from: number
  readonly to: number
  /** Where it ends if it does not arrive. */
  readonly stop: number
}

/** What did not arrive ends at a cross if it was lost, at a bar if it was held. */
function messageArrow({ from, to, stop }: Way, { text, fate }: Message): Html {
  const arrived = fate === 'received'
  const end = arrived ? to : stop
  const points = to > from ? '0,0 -7,-3.5 -7,3.5' : '0,0 7,-3.5 7,3.5'
  const tip = arrived
    ? html`<polygon class="head-mark message" points="${points}"/>`
    : fate === 'lost'
      ? html`<path class="stop" d="M-5-5 5 5M-5 5 5-5"/>`
      : html`<path class="stop" d="M0-8V8"/>`
  return html`<line class="flow message${arrived ? '' : ' stopped'}" x1="${from}%" y1="${LINE_AT}" x2="${end}%" y2="${LINE_AT}"/><svg x="${end}%" y="${LINE_AT}" overflow="visible">${tip}</svg><text class="message-text" x="${middleOf(from, to, text)}%" y="${TEXT_AT}">${text}${arrived ? '' : `, ${fate}`}</text>`
}

/** A box over the lanes of all nodes that answer alike. */
function stateBox(places: readonly number[], text: string): Html {
  const [from, to] = [Math.min(...places) - 4, Math.max(...places) + 4]
  return html`<rect class="box" x="${from}%" y="6" width="${to - from}%" height="22" rx="4"/><text x="${(from + to) / 2}%" y="21">${text}</text>`
}

const chip = (at: number, text: string): Html =>
  html`<svg x="${at}%" y="${LINE_AT - 5}" overflow="visible"><rect class="box fault" x="${-widthOf(text) / 2}" y="-11" width="${widthOf(text)}" height="22" rx="4"/><text x="0" y="4">${text}</text></svg>`

/** About as wide as the text is. */
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
