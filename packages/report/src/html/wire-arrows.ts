import type { NodeMessage } from '@chaosproxy/runner/result'
import { messageText, type Wire, wireLines } from '../facts/wire.ts'
import { nameText } from '../operation-words.ts'
import { clip } from '../terminal/width.ts'
import { type Html, html } from './markup.ts'
import type { Scale } from './scale.ts'

interface Place {
  readonly scale: Scale
  readonly left: number
  readonly right: number
  /** The middle of a node's lane; undefined if it has none. */
  readonly middle: (node: string) => number | undefined
  /** The name of the arrow's tip. */
  readonly tip: string
}

/** How far from the sender, of the way, a message is drawn that did not arrive. */
const STOPPED_AT = 0.55
/** Of a lane, where the arrow leaves it and where it ends. */
const CLEAR = 8
/** How far from a lane a name stands, so that the label of a fault has room between them. */
const NAME_CLEAR = 30
/** Rough width of a character of the labels. */
const CHARACTER = 6.4

/**
 * What nodes sent each other, between their lanes: an arrow if it was received, dashes to a bar if it was held, dashes to
 * a cross if it was lost; dots between two rings where nothing was sent.
 */
export function wireArrows(wire: Wire | undefined, place: Place): Html | undefined {
  if (wire === undefined) return undefined
  const labelled = new Set<string>()
  return html`<g class="wire">${wire.messages.map((message) => arrow(message, wire, place, labelled))}${wire.isNeverSent ? neverSent(wire, place) : undefined}</g>`
}

function arrow(message: NodeMessage, wire: Wire, place: Place, labelled: Set<string>): Html | undefined {
  const { scale, left, right, middle, tip } = place
  const [from, to] = [middle(message.from), middle(message.to)]
  if (from === undefined || to === undefined) return undefined
  const down = to > from ? 1 : -1
  const clamp = (x: number): number => Math.min(right, Math.max(left, x))
  const x1 = clamp(scale.ofTime(message.sentAt))
  // What came after the answer was still held then.
  const fate = message.fate === 'received' && (message.endedAt ?? 0) > wire.until ? 'held' : message.fate
  const isStopped = fate !== 'received'
  const arrival = message.endedAt === undefined || isStopped ? x1 + 26 : scale.ofTime(message.endedAt)
  const x2 = clamp(Math.max(arrival, x1 + 4))
  const [y1, y2] = [from + down * CLEAR, to - down * (CLEAR + 2)]
  const [xs, ys] = [x1 + (x2 - x1) * STOPPED_AT, y1 + (y2 - y1) * STOPPED_AT]
  const what = `${message.from} ${message.to} ${message.type} ${fate}`
  const label = labelled.has(what)
    ? undefined
    : labelOf(
        { ...message, fate },
        wire,
        { x: isStopped ? xs : (x1 + x2) / 2, y: isStopped ? ys : (y1 + y2) / 2 },
        right,
      )
  labelled.add(what)
  const path = isStopped
    ? html`<path class="way stopped" d="M${x1} ${y1}L${xs} ${ys}"/>${mark(fate, xs, ys)}`
    : html`<path class="way${message.by === undefined ? '' : ' late'}" marker-end="url(#${tip})" d="M${x1} ${y1}L${x2} ${y2}"/>`
  return html`<g class="message ${fate.replaceAll(' ', '-')}"><title>${messageText(message, wire)}</title>${path}${label}</g>`
}

const mark = (fate: NodeMessage['fate'], x: number, y: number): Html =>
  fate === 'lost'
    ? html`<path class="stop lost" d="M${x - 5} ${y - 5}l10 10M${x + 5} ${y - 5}l-10 10"/>`
    : html`<path class="stop" d="M${x - 8} ${y}h16"/>`

/** Beside the arrow, on the side where there is room. */
function labelOf(
  message: NodeMessage,
  { change }: Wire,
  { x, y }: { readonly x: number; readonly y: number },
  right: number,
): Html {
  const text = clip(message.carries === undefined ? message.type : change, 24)
  const word = message.fate === 'received' ? '' : `, ${message.fate}`
  const isLeft = x + 12 + (text.length + word.length) * CHARACTER > right
  return html`<text class="message-name${isLeft ? ' end' : ''}" x="${isLeft ? x - 12 : x + 12}" y="${y + 4}">${text}${word}</text>`
}

function neverSent(
  { sender, reader, change, messages }: Wire,
  { scale, left, right, middle }: Place,
): Html | undefined {
  const [from, to] = [middle(sender), middle(reader)]
  if (from === undefined || to === undefined) return undefined
  const down = to > from ? 1 : -1
  // Beside what was sent to others.
  const last = Math.max(0, ...messages.map(({ sentAt }) => scale.ofTime(sentAt)))
  const x = last === 0 ? (left + right) / 2 : Math.min(right - 24, last + 30)
  const [y1, y2] = [from + down * (CLEAR + 4), to - down * (CLEAR + 4)]
  const text = `${clip(change, 24)} was never sent to ${clip(nameText(reader), 10)}`
  const isLeft = x + 10 + text.length * CHARACTER > right
  return html`<g class="message never"><title>${text}</title><circle class="ring" cx="${x}" cy="${y1}" r="3.500"/><path class="way never" d="M${x} ${y1 + down * 4}V${y2 - down * 4}"/><circle class="ring" cx="${x}" cy="${y2}" r="3.500"/><text class="message-name${isLeft ? ' end' : ''}" x="${isLeft ? x - 10 : x + 10}" y="${to - down * NAME_CLEAR + 4}">${text}</text></g>`
}

/** The same in words, below the steps. */
export const wireNotes = (wire: Wire | undefined): Html | undefined => {
  const lines = wireLines(wire)
  return lines.length === 0
    ? undefined
    : html`<ul class="wire-notes">${lines.map((line) => html`<li>${line}</li>`)}</ul>`
}
