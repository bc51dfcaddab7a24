import type { NodeMessage } from '@chaosproxy/runner/result'
import { messageText, type Silent, silentOf, type Wire, wireLines } from '../facts/wire.ts'
import { nameText } from '../operation-words.ts'
import { clip } from '../terminal/width.ts'
import type { Point } from './arc-label.ts'
import { type Html, html, listOf, svgPath, svgText } from './markup.ts'
import type { Scale } from './scale.ts'

interface Place {
  readonly scale: Scale
  readonly left: number
  readonly right: number
  /** Returns the middle of a node's lane, if it has one. */
  readonly middle: (node: string) => number | undefined
  readonly tip: string
}

/** The arrow of a stopped message ends this many pixels before the receiver's lane. */
const STOPPED_BEFORE = 34
/** Distance of an arrow's ends from lanes, in pixels. */
const CLEAR = 8
/** Distance of a message's name from a lane, in pixels, with room for a fault's label. */
const NAME_CLEAR = 30
/** Rough width of a character of the labels, in pixels. */
const CHARACTER = 6.4

/**
 * Draws the messages between nodes: an arrow for a received message, dashes to a bar for a held message, dashes to a
 * cross for a lost message, and dots between rings where no message was sent.
 */
export function wireArrows(wire: Wire | undefined, place: Place): Html | undefined {
  if (wire === undefined) return undefined
  const ways = wire.messages.map((message) => wayOf(message, wire, place)).filter((way) => way !== undefined)
  const silent = silentOf(wire)
  const never = silent && neverLine(silent, wire, place)
  const name = silent === undefined || never === undefined ? undefined : neverName(silent, wire, never, place.right)
  const labels = labelsOf(ways, wire, { right: place.right, never, taken: name === undefined ? [] : [name.box] })
  return html`<g class="wire">${ways.map((way) => arrow(way, wire, place, labels.get(way)))}${never === undefined || name === undefined ? undefined : neverSent(never, name)}</g>`
}

interface Way extends Line {
  readonly message: NodeMessage
  /** The state of the message at the time `wire.until`, when the reading node answered without the change. */
  readonly fate: NodeMessage['fate']
  readonly isStopped: boolean
}

interface Line {
  readonly from: Point
  readonly to: Point
}

function wayOf(message: NodeMessage, wire: Wire, { scale, left, right, middle }: Place): Way | undefined {
  const [from, to] = [middle(message.from), middle(message.to)]
  if (from === undefined || to === undefined) return undefined
  const down = to > from ? 1 : -1
  const clamp = (x: number): number => Math.min(right, Math.max(left, x))
  const x1 = clamp(scale.ofTime(message.sentAt))
  // A message that arrived after `until` was still held at the time `until`.
  const fate = message.fate === 'received' && (message.endedAt ?? 0) > wire.until ? 'held' : message.fate
  const isStopped = fate !== 'received'
  const arrival = message.endedAt === undefined || isStopped ? x1 + 26 : scale.ofTime(message.endedAt)
  const x2 = clamp(Math.max(arrival, x1 + 4))
  const [y1, y2] = [from + down * CLEAR, to - down * (CLEAR + 2)]
  const part = isStopped ? (to - down * STOPPED_BEFORE - y1) / (y2 - y1) : 1
  const end = { x: x1 + (x2 - x1) * part, y: y1 + (y2 - y1) * part }
  return { message, fate, from: { x: x1, y: y1 }, to: end, isStopped }
}

function arrow({ message, fate, from, to, isStopped }: Way, wire: Wire, { tip }: Place, label: Html | undefined): Html {
  const path = isStopped
    ? html`${svgPath('way stopped', html`M${from.x} ${from.y}L${to.x} ${to.y}`)}${mark(fate, to.x, to.y)}`
    : html`<path class="way${message.by === undefined ? '' : ' late'}" marker-end="url(#${tip})" d="M${from.x} ${from.y}L${to.x} ${to.y}"/>`
  return html`<g class="message ${fate.replaceAll(' ', '-')}"><title>${messageText(message, wire)}</title>${path}${label}</g>`
}

const mark = (fate: NodeMessage['fate'], x: number, y: number): Html =>
  fate === 'lost'
    ? svgPath('stop lost', html`M${x - 5} ${y - 5}l10 10M${x + 5} ${y - 5}l-10 10`)
    : svgPath('stop', html`M${x - 8} ${y}h16`)

interface Box {
  readonly left: number
  readonly right: number
  readonly y: number
}

interface Around {
  readonly right: number
  readonly never: Line | undefined
  readonly taken: readonly Box[]
}

/** Returns the names that are drawn beside the arrows of messages. A name without room appears only in `wireNotes`. */
function labelsOf(
  ways: readonly Way[],
  { change }: Wire,
  { right, never, taken: before }: Around,
): ReadonlyMap<Way, Html> {
  const lines: readonly Line[] = never === undefined ? ways : [...ways, never]
  const labels = new Map<Way, Html>()
  const named = new Set<string>()
  const taken = [...before]
  for (const way of ways) {
    const { message, fate, from, to, isStopped } = way
    const what = `${message.from} ${message.to} ${message.type} ${fate}`
    if (named.has(what)) continue
    named.add(what)
    const text = `${clip(message.carries === undefined ? message.type : change, 24)}${fate === 'received' ? '' : `, ${fate}`}`
    const at = isStopped ? to : { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }
    const width = text.length * CHARACTER
    const sides = [
      { x: at.x + 12, isLeft: false, box: { left: at.x + 12, right: at.x + 12 + width, y: at.y } },
      { x: at.x - 12, isLeft: true, box: { left: at.x - 12 - width, right: at.x - 12, y: at.y } },
    ]
    const isReadable = ({ box }: (typeof sides)[number]): boolean =>
      box.right <= right && box.left >= 0 && !taken.some((other) => meets(other, box))
    const side =
      sides.find((side) => isReadable(side) && !lines.some((other) => other !== way && crosses(other, side.box))) ??
      sides.find(isReadable)
    if (side === undefined) continue
    taken.push(side.box)
    labels.set(way, svgText(`message-name${side.isLeft ? ' end' : ''}`, side.x, at.y + 4, text))
  }
  return labels
}

const LINE = 14

const meets = (one: Box, other: Box): boolean =>
  Math.abs(one.y - other.y) < LINE && one.left < other.right && other.left < one.right

function crosses({ from, to }: Line, { left, right, y }: Box): boolean {
  if (y < Math.min(from.y, to.y) - LINE / 2 || y > Math.max(from.y, to.y) + LINE / 2) return false
  const x = from.x + ((to.x - from.x) * (y - from.y)) / (to.y - from.y)
  return x > left - 6 && x < right + 6
}

/**
 * Returns the line which shows that no message was sent between two nodes. The line is to the right of all messages.
 */
function neverLine(silent: Silent, { messages }: Wire, { scale, left, right, middle }: Place): Line | undefined {
  const [from, to] = [middle(silent.from), middle(silent.to)]
  if (from === undefined || to === undefined) return undefined
  const clear = (to > from ? 1 : -1) * (CLEAR + 4)
  const last = Math.max(0, ...messages.map(({ sentAt }) => scale.ofTime(sentAt)))
  const x = last === 0 ? (left + right) / 2 : Math.min(right - 24, last + 30)
  return { from: { x, y: from + clear }, to: { x, y: to - clear } }
}

interface Name {
  readonly text: string
  readonly x: number
  readonly isLeft: boolean
  readonly box: Box
}

function neverName(
  { from, to }: Silent,
  { change, unasked }: Wire,
  { from: { x, y: y1 }, to: { y: y2 } }: Line,
  right: number,
): Name {
  const [one, other] = [clip(nameText(from), 10), clip(nameText(to), 10)]
  const text =
    unasked === undefined ? `${clip(change, 24)} not yet sent to ${other}` : `${one} had not asked ${other} since`
  const width = text.length * CHARACTER
  const isLeft = x + 10 + width > right
  const y = y2 - (y2 > y1 ? 1 : -1) * (NAME_CLEAR - CLEAR - 4)
  const box = isLeft ? { left: x - 10 - width, right: x - 10, y } : { left: x + 10, right: x + 10 + width, y }
  return { text, x: isLeft ? x - 10 : x + 10, isLeft, box }
}

function neverSent({ from: { x, y: y1 }, to: { y: y2 } }: Line, { text, x: nameX, isLeft, box }: Name): Html {
  const down = y2 > y1 ? 1 : -1
  return html`<g class="message never"><title>${text}</title><circle class="ring" cx="${x}" cy="${y1}" r="3.500"/>${svgPath('way never', html`M${x} ${y1 + down * 4}V${y2 - down * 4}`)}<circle class="ring" cx="${x}" cy="${y2}" r="3.500"/>${svgText(`message-name${isLeft ? ' end' : ''}`, nameX, box.y + 4, text)}</g>`
}

/** Returns the messages as a list of notes. */
export const wireNotes = (wire: Wire | undefined): Html | undefined => {
  const lines = wireLines(wire)
  return lines.length === 0 ? undefined : listOf('wire-notes', lines)
}
