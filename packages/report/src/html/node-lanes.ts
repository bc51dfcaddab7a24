import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { duration, type History, hasTimes, moment } from '@chaosproxy/history'
import { endText, type NearFault } from '../facts/near-faults.ts'
import type { Wire } from '../facts/wire.ts'
import { hasReturned, mayReturnValue, nameText, nodeOf } from '../operation-words.ts'
import { clip } from '../terminal/width.ts'
import { type Html, html, svgPath, svgRect, svgText } from './markup.ts'
import type { Scale } from './scale.ts'
import { wireArrows } from './wire-arrows.ts'

/** Returns the height of a node's lane in pixels, with room for messages. */
const laneHeight = (nodes: readonly string[], wire: Wire | undefined): number =>
  wire === undefined ? 44 : nodes.length > 3 ? 54 : 66
/** Maximum number of lanes. More lanes would explain nothing. */
const MOST_NODES = 5
/** Maximum number of lanes with nodes that have no messages. */
const MOST_BESIDE_MESSAGES = 3
/** Rough width of a character of the labels, in pixels. */
const CHARACTER = 7

/** What a node's lane says about each kind of fault that stops the node. */
const DOWN: { readonly [kind: string]: string } = {
  kill: 'killed',
  crash: 'crashed',
  restart: 'restarted',
  pause: 'paused',
}

/**
 * Returns the nodes with a lane. With messages (`wire`), these are the nodes of the messages and of the drawn
 * operations. Without messages, they are the nodes of the drawn operations, but only if a fault hit at least one of
 * them.
 */
export function laneNodes(
  history: History,
  { operations }: Counterexample,
  faults: readonly NearFault[],
  wire?: Wire,
): readonly string[] {
  if (!hasTimes(history)) return []
  const serving = [...new Set(operations.flatMap(({ operation }) => nodeOf(history, operation) ?? []))]
  if (wire === undefined)
    return serving.some((node) => faults.some((fault) => hits(fault, node))) ? serving.slice(0, MOST_NODES) : []
  // The node that answered has the last lane, so that messages to it point downwards.
  const { sender, reader, messages } = wire
  const isOther = (node: string): boolean => node !== reader
  const sending = new Set(
    [...messages.map(({ from }) => from), sender, ...messages.map(({ to }) => to)].filter(isOther),
  )
  const room = Math.min(MOST_NODES, Math.max(MOST_BESIDE_MESSAGES, sending.size + 1))
  return [...[...new Set([...sending, ...serving.filter(isOther)])].slice(0, room - 1), reader]
}

/** Whether a fault affects a node. A partition that isolates one node affects only that node, not the others. */
function hits({ nodes, links }: NearFault, node: string): boolean {
  const isEndOf = (name: string, { from, to }: NearFault['links'][number]): boolean => from === name || to === name
  const [first] = links
  const alone =
    first === undefined ? [] : [first.from, first.to].filter((end) => links.every((link) => isEndOf(end, link)))
  return nodes.includes(node) || (alone.length > 0 ? alone.includes(node) : links.some((link) => isEndOf(node, link)))
}

/** Whether a node's lane shows the fault. */
const isOnLanes = (fault: NearFault, nodes: readonly string[]): boolean => nodes.some((node) => hits(fault, node))

/** Whether a fault is drawn across all lanes, because no lane shows it. */
export function isAcross(history: History, fault: NearFault, lanes: readonly string[]): boolean {
  if (isOnLanes(fault, lanes)) return false
  const places = [...fault.nodes, ...fault.links.flatMap(({ from, to }) => [from, to])]
  return lanes.length === 0 || places.length === 0 || !places.every((place) => history.nodes.includes(place))
}

/** Returns the height of all lanes with their texts, in pixels. */
export const heightOfNodes = (nodes: readonly string[], wire: Wire | undefined): number =>
  nodes.length === 0 ? 0 : nodes.length * laneHeight(nodes, wire) + 24

interface Place {
  readonly scale: Scale
  readonly left: number
  readonly right: number
  readonly top: number
  readonly accused: ReadonlySet<OperationRow>
  /** Id of the hatching for partitions. */
  readonly hatch: string
  /** Id of the arrow tip. */
  readonly tip: string
  readonly wire: Wire | undefined
}

/**
 * Draws a lane for each node. Bars show when a node was down (dark), starting (outlined) or partitioned (hatched).
 * Marks show when a node answered a change (dot) or a read (ring).
 */
export function nodeLanes(
  history: History,
  counterexample: Counterexample,
  faults: readonly NearFault[],
  nodes: readonly string[],
  place: Place,
): Html | undefined {
  if (nodes.length === 0) return undefined
  const { left, right, top, wire } = place
  const height = laneHeight(nodes, wire)
  const middle = (node: string): number => top + nodes.indexOf(node) * height + height / 2 + 6
  const labels = new Map(nodes.map((node): [string, LaneLabel[]] => [node, []]))
  return html`<g class="nodes">${nodes.map(
    (node) =>
      html`${svgText('lane-name', 0, middle(node) + 5, clip(nameText(node), 10))}${svgPath('node-lane', html`M${left} ${middle(node)}H${right}`)}`,
  )}${faults.filter((fault) => isOnLanes(fault, nodes)).map((fault) => faultBars(fault, nodes, labels, middle, place))}${counterexample.operations.map(
    ({ operation }) => answerMark(history, operation, nodes, middle, place),
  )}${wireArrows(wire, { scale: place.scale, left, right, tip: place.tip, middle: (node) => (nodes.includes(node) ? middle(node) : undefined) })}</g>`
}

interface LaneLabel {
  readonly left: number
  readonly right: number
  readonly isBelow: boolean
}

/** Places a label above or below its bar, if there is room. The list beside the drawing has every label. */
function placed(taken: LaneLabel[], left: number, right: number): LaneLabel | undefined {
  const free = [false, true].find(
    (isBelow) => !taken.some((label) => label.isBelow === isBelow && left < label.right && label.left < right),
  )
  if (free === undefined) return undefined
  const label = { left, right, isBelow: free }
  taken.push(label)
  return label
}

function faultBars(
  fault: NearFault,
  nodes: readonly string[],
  labels: ReadonlyMap<string, LaneLabel[]>,
  middle: (node: string) => number,
  { scale, left, right, hatch }: Place,
): Html {
  const x1 = Math.max(left, Math.min(right - 4, scale.ofTime(fault.from)))
  const x2 = Math.min(right, Math.max(x1 + 4, scale.ofTime(fault.to)))
  const word = DOWN[fault.kind]
  const started = word === undefined ? undefined : fault.startingFrom
  const text = `${word ?? clip(fault.short, 36)} ${moment(fault.from)} to ${endText({ ...fault, startingFrom: started })}`
  const x3 = started === undefined ? x2 : Math.max(x1, Math.min(x2, scale.ofTime(started)))
  const half = (text.length * CHARACTER) / 2
  const x = Math.min(Math.max((x1 + x2) / 2, left + half), right - half)
  const own = nodes.filter((node) => hits(fault, node))
  return html`<g class="fault"><title>${fault.whole}</title>${own.map((node, i) => {
    const y = middle(node)
    // A partition has one label, at its first node. Each node that was down has a label of its own.
    const label = i > 0 && word === undefined ? undefined : placed(labels.get(node) ?? [], x - half, x + half)
    const bar =
      word === undefined
        ? html`<rect class="cut" x="${x1}" y="${y - 5}" width="${x2 - x1}" height="10" fill="url(#${hatch})"/>`
        : html`${svgRect('down', x1, y - 5, x3 - x1, 10)}${
            x3 < x2 ? svgRect('starting', x3, y - 5, x2 - x3, 10) : undefined
          }`
    if (label === undefined) return bar
    return html`${bar}${svgText('fault-name middle', x, label.isBelow ? y + 17 : y - 9, text)}`
  })}</g>`
}

function answerMark(
  history: History,
  operation: OperationRow,
  nodes: readonly string[],
  middle: (node: string) => number,
  { scale, accused }: Place,
): Html | undefined {
  const node = nodeOf(history, operation)
  if (node === undefined || !nodes.includes(node) || !hasReturned(history, operation)) return undefined
  const { callEvent, returnEvent, callTime, returnTime } = history.operations
  const x = (scale.ofEvent(callEvent[operation] ?? 0) + scale.ofEvent(returnEvent[operation] ?? 0)) / 2
  const kind = `${mayReturnValue(history, operation) ? 'read' : 'write'}${accused.has(operation) ? ' bad' : ''}`
  const took = duration((returnTime[operation] ?? 0) - (callTime[operation] ?? 0))
  return html`<circle class="served ${kind}" cx="${x}" cy="${middle(node)}" r="5.500"><title>${nameText(node)} served this operation within ${took}</title></circle>`
}
