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

const HEIGHT = 34
const LINE_AT = 22
const TEXT_AT = 13

/** Half of the clients, the nodes, the other clients: so that few messages cross a lane that is not theirs. */
export function lanesOf({ clients, nodes }: StoryTelling): readonly Lane[] {
  const left = Math.ceil(clients.length / 2)
  const names = [...clients.slice(0, left), ...nodes, ...clients.slice(left)]
  return names.map((name, i) => ({ name, at: (100 * (i + 0.5)) / names.length }))
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
  html`<svg role="img" aria-label="${labelOf(sign)}"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>${lanes.map(({ at }) => html`<line class="life" x1="${at}%" y1="0" x2="${at}%" y2="${HEIGHT}"/>`)}${wallRects(lanes, walls)}${drawing(sign, lanes)}</svg>`

/** A wall stands wherever a cut separates a node from its neighbour. */
function wallRects(lanes: readonly Lane[], walls: readonly Wall[]): readonly Html[] {
  return lanes.flatMap(({ name, at }, i) => {
    const next = lanes[i + 1]
    if (next === undefined) return []
    const stands = walls.some(({ between }) =>
      between.some(([from, to]) => (from === name && to === next.name) || (from === next.name && to === name)),
    )
    return stands ? [html`<rect class="wall" x="${(at + next.at) / 2 - 1}%" y="0" width="2%" height="${HEIGHT}"/>`] : []
  })
}

function drawing(sign: Sign, lanes: readonly Lane[]): Html {
  const at = (name: string): number => lanes.find((lane) => lane.name === name)?.at ?? 50
  switch (sign.type) {
    case 'call':
      return arrow({ from: at(sign.from), to: at(sign.to), text: sign.text, tone: 'call' })
    case 'answer':
      return arrow({ from: at(sign.from), to: at(sign.to), text: sign.text, tone: sign.outcome })
    case 'message':
      return messageArrow(at(sign.from), at(sign.to), sign)
    case 'cut':
    case 'restored':
      return html`<text x="50%" y="${LINE_AT}" class="t2">${sign.text}</text>`
    case 'fault':
    case 'healed':
      return chip(at(sign.node), sign.text)
    case 'state':
      return stateBox(sign.nodes.map(at), sign.text)
    default:
      return sign satisfies never
  }
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
  return html`<line class="flow ${tone}" x1="${from}%" y1="${LINE_AT}" x2="${end}%" y2="${LINE_AT}"/>${tip}<text x="${(from + to) / 2}%" y="${TEXT_AT}">${text}</text>`
}

/** What did not arrive ends halfway: at a cross if it was lost, at a bar if it was held. */
function messageArrow(from: number, to: number, { text, fate }: Extract<Sign, { readonly type: 'message' }>): Html {
  const arrived = fate === 'received'
  const end = arrived ? to : (from + to) / 2
  const points = to > from ? '0,0 -7,-3.5 -7,3.5' : '0,0 7,-3.5 7,3.5'
  const tip = arrived
    ? html`<polygon class="head-mark message" points="${points}"/>`
    : fate === 'lost'
      ? html`<path class="stop" d="M-5-5 5 5M-5 5 5-5"/>`
      : html`<path class="stop" d="M0-8V8"/>`
  return html`<line class="flow message${arrived ? '' : ' stopped'}" x1="${from}%" y1="${LINE_AT}" x2="${end}%" y2="${LINE_AT}"/><svg x="${end}%" y="${LINE_AT}" overflow="visible">${tip}</svg><text class="message-text" x="${(from + to) / 2}%" y="${TEXT_AT}">${text}${arrived ? '' : `, ${fate}`}</text>`
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
