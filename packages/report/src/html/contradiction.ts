import type { Counterexample, OperationRow, OrderEdge } from '@chaosproxy/checker'
import { duration, type History, type Json } from '@chaosproxy/history'
import type { NearFault } from '../facts/near-faults.ts'
import type { Wire } from '../facts/wire.ts'
import { hasTimes, reproach } from '../moments.ts'
import {
  answerText,
  hasReturned,
  isFinal,
  linesOf,
  nodeOf,
  operationText,
  processText,
  requestText,
  tells,
  valueText,
} from '../operation-words.ts'
import { clip } from '../terminal/width.ts'
import { digitsToTellApart, moment } from '../words.ts'
import { type Arc, type Box, besideArc, boxOf, type Point } from './arc-label.ts'
import { holdingBars } from './holding-bars.ts'
import { type Html, html } from './markup.ts'
import { heightOfNodes, isOnLanes, laneNodes, nodeLanes } from './node-lanes.ts'
import { possibleStates } from './ribbon.ts'
import { type Scale, scaleOf } from './scale.ts'

/** A drawing of more operations than this explains nothing. */
export const MOST_DRAWN = 24

const WIDTH = 760
const LEFT = 74
const RIGHT = WIDTH - 26
const LANE = 68
const BAR = 20
/** Rough width of a character of the drawing's labels, in pixels. */
const CHARACTER = 7

interface Bar {
  readonly operation: OperationRow
  /** Its number in the text next to the drawing, from 1. */
  readonly number: number
  readonly lane: number
  readonly x1: number
  readonly x2: number
  /** The middle of the bar. */
  readonly y: number
}

/** The operations to accuse: the impossible one or, if replicas disagree, the final reads that differ. */
export function accusedOf(history: History, counterexample: Counterexample): ReadonlySet<OperationRow> {
  if (counterexample.culprit !== undefined) return new Set([counterexample.culprit])
  if (counterexample.level !== 'eventual' && counterexample.level !== 'convergent') return new Set()
  return new Set(
    counterexample.operations.map(({ operation }) => operation).filter((operation) => isFinal(history, operation)),
  )
}

/** Attributes that place a drawing of this size, in pixels. */
type DrawingPlace = (width: number, height: number) => Html | undefined

interface DrawingOptions {
  /** By default as wide as there is room. */
  readonly place?: DrawingPlace | undefined
  /** What nodes sent each other, where that was recorded. */
  readonly wire?: Wire | undefined
}

/**
 * The counterexample in space and time: a lane per process, a bar per operation (filled for a change, outlined for a
 * read, accent for the impossible one), faults as bands, and above it all the values the object could have had.
 */
export function contradictionSvg(
  history: History,
  counterexample: Counterexample,
  faults: readonly NearFault[],
  { place = () => undefined, wire }: DrawingOptions = {},
): Html {
  // A page may draw the counterexamples of several levels, so names within a drawing include its level.
  const { level } = counterexample
  const operations = counterexample.operations.map(({ operation }) => operation)
  const lanes = lanesOf(history, operations)
  const states = possibleStates(history, counterexample)
  // Faults are named above the first lane, where no operation has a label.
  const nodes = laneNodes(history, counterexample, faults, wire)
  const across = faults.filter((fault) => !isOnLanes(fault, nodes))
  const top = (states.length > 0 ? 54 : 12) + across.length * 16
  const scale = scaleOf(eventsOf(history, operations), LEFT + 10, RIGHT - 12)
  const plain = operations.map((operation, i) => barOf(history, operation, i + 1, lanes, scale, top))
  const bars = plain.map((bar) => ({ ...bar, label: labelOf(history, counterexample, bar, plain) }))
  const accused = accusedOf(history, counterexample)
  const underClients = top + lanes.length * LANE
  const bottom = underClients + heightOfNodes(nodes, wire)
  const height = bottom + 34
  return html`<svg class="why-svg"${place(WIDTH, height)} viewBox="0 0 ${WIDTH} ${height}" role="group" aria-label="The ${operations.length} operations of the contradiction, by process, time to the right">
<defs><pattern id="hatch-${level}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V7" class="hatch"/></pattern><marker id="tip-${level}" viewBox="0 0 8 8" refX="6.500" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 .8L7 4 0 7.2z" class="tip"/></marker><marker id="tip-calm-${level}" viewBox="0 0 8 8" refX="6.500" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 .8L7 4 0 7.2z" class="tip-calm"/></marker></defs>
${across.map((fault) => faultBand(level, fault, scale, top - across.length * 16, bottom))}
${across.map((fault, i) => faultName(fault, i, scale, top - across.length * 16))}
${ribbon(history, states, scale, counterexample)}
${lanes.map((name, i) => {
  const y = top + i * LANE + LANE / 2 + 4
  return html`<text class="lane-name" x="0" y="${y + 5}">${clip(name, 10)}</text><path class="lane" d="M${LEFT - 6} ${y}H${RIGHT + 14}"/>`
})}
${scale.breaks.map(
  ({ x, nanos }) =>
    html`<path class="break" d="M${x - 4} ${top}V${bottom - 8}M${x + 4} ${top}V${bottom - 8}"/><path class="axis" d="M${x - 7} ${bottom + 10}l6 -12M${x + 1} ${bottom + 10}l6 -12"/><text class="gap" x="${x}" y="${bottom - 4}">${duration(nanos)}</text>`,
)}
${nodeLanes(history, counterexample, faults, nodes, { scale, left: LEFT - 6, right: RIGHT + 14, top: underClients, accused, hatch: `hatch-${level}`, tip: `tip-calm-${level}`, wire })}
${holdingBars(history, counterexample, { scale, right: RIGHT + 14, laneOf: (row) => plain.find((bar) => bar.operation === row)?.y ?? 0 })}
${accusation(history, counterexample, bars)}
${(counterexample.edges ?? []).map((edge, i) => edgeArc(level, bars, edge, i + 1))}
${bars.map((bar) => barMarkup(history, counterexample, bar, accused.has(bar.operation)))}
${axis(history, operations, scale, bottom)}
</svg>`
}

const lanesOf = (history: History, operations: readonly OperationRow[]): string[] => [
  ...new Set(operations.map((operation) => laneOf(history, operation))),
]

const laneOf = (history: History, operation: OperationRow): string =>
  processText(history, history.operations.process[operation] ?? 0)

function eventsOf(history: History, operations: readonly OperationRow[]): { position: number; time: number }[] {
  const { callEvent, returnEvent, callTime, returnTime } = history.operations
  return operations
    .flatMap((operation) => [
      { position: callEvent[operation] ?? 0, time: callTime[operation] ?? 0 },
      ...(hasReturned(history, operation)
        ? [{ position: returnEvent[operation] ?? 0, time: returnTime[operation] ?? 0 }]
        : []),
    ])
    .sort((a, b) => a.position - b.position)
}

function barOf(
  history: History,
  operation: OperationRow,
  number: number,
  lanes: readonly string[],
  scale: Scale,
  top: number,
): Bar {
  const { callEvent, returnEvent } = history.operations
  const lane = lanes.indexOf(laneOf(history, operation))
  const x1 = scale.ofEvent(callEvent[operation] ?? 0)
  const x2 = hasReturned(history, operation) ? scale.ofEvent(returnEvent[operation] ?? 0) : RIGHT + 14
  return { operation, number, lane, x1, x2: Math.max(x2, x1 + 3), y: top + lane * LANE + LANE / 2 + 4 }
}

interface Label {
  readonly text: string
  /** Its middle. */
  readonly x: number
  readonly above: boolean
}

interface LabelledBar extends Bar {
  readonly label: Label
}

/** A label goes above its bar, or below it if the previous bar's label is in the way. */
function labelOf(history: History, counterexample: Counterexample, bar: Bar, bars: readonly Bar[]): Label {
  const withKey = counterexample.keys.length > 1
  const text = barText(history, bar, withKey)
  const middle = (bar.x1 + bar.x2) / 2
  const half = halfOf(history, bar, withKey)
  const before = bars.filter((other) => other.lane === bar.lane && other.number < bar.number)
  const crowded = before.length % 2 === 1 && bars.filter((other) => other.lane === bar.lane).length > 1
  const tight =
    crowded && before.some((other) => middle - (other.x1 + other.x2) / 2 < half + halfOf(history, other, withKey) + 12)
  return { text, x: Math.min(Math.max(middle, LEFT + half - 8), WIDTH - half - 2), above: !tight }
}

const barText = (history: History, { operation }: Bar, withKey: boolean): string =>
  clip(`${requestText(history, operation, { withKey })} → ${answerText(history, operation)}`, 34)

const halfOf = (history: History, bar: Bar, withKey: boolean): number =>
  (barText(history, bar, withKey).length * CHARACTER) / 2

function barMarkup(history: History, counterexample: Counterexample, bar: LabelledBar, accused: boolean): Html {
  const { operation, label } = bar
  const withKey = counterexample.keys.length > 1
  const role = counterexample.operations.find((entry) => entry.operation === operation)?.role ?? 'core'
  const kind = `${tells(history, operation) ? 'read' : 'write'}${accused ? ' bad' : ''}${hasReturned(history, operation) ? '' : ' open'}`
  const node = nodeOf(history, operation)
  const { text, x, above } = label
  const where = node === undefined ? '' : `${tells(history, operation) ? 'from' : 'at'} ${clip(node, 60)}`
  return html`<g class="op ${role}" data-step="${bar.number}" data-line="${linesOf(history, operation)[0] ?? 0}" tabindex="-1" role="img" aria-label="Operation ${bar.number}: ${operationText(history, operation, { withKey })} ${where}"><rect class="bar ${kind}" x="${bar.x1}" y="${bar.y - BAR / 2}" width="${bar.x2 - bar.x1}" height="${BAR}" rx="3"/>${
    bar.x2 - bar.x1 > 14
      ? html`<text class="number ${kind}" x="${(bar.x1 + bar.x2) / 2}" y="${bar.y + 4.5}">${bar.number}</text>`
      : undefined
  }<text class="label${accused ? ' badtext' : ''}" x="${x}" y="${above ? bar.y - BAR / 2 - 6 : bar.y + BAR / 2 + 14}">${text}${accused ? ' ✘' : ''}</text>${
    node === undefined
      ? undefined
      : html`<text class="node" x="${x}" y="${above ? bar.y + BAR / 2 + 13 : bar.y - BAR / 2 - 6}">${clip(node, 16)}</text>`
  }</g>`
}

function faultBand(level: string, fault: NearFault, scale: Scale, top: number, bottom: number): Html {
  const x1 = Math.max(LEFT - 6, scale.ofTime(fault.from))
  const x2 = Math.min(RIGHT + 14, scale.ofTime(fault.to))
  const width = Math.max(2, x2 - x1)
  return html`<g class="fault"><title>${fault.text}</title><rect class="band" x="${x1}" y="${top - 8}" width="${width}" height="${bottom - top + 12}"/><rect x="${x1}" y="${top - 8}" width="${width}" height="5" fill="url(#hatch-${level})"/><path class="band-edge" d="M${x1} ${top - 8}V${bottom + 4}M${x1 + width} ${top - 8}V${bottom + 4}"/></g>`
}

/** Over all bands, so that none covers another's name. Names are bold, and so wider than other labels. */
function faultName(fault: NearFault, index: number, scale: Scale, top: number): Html {
  const x1 = Math.max(LEFT - 6, scale.ofTime(fault.from))
  const label = clip(fault.label, 44)
  const fits = WIDTH - x1 > label.length * CHARACTER * 1.15 + 12
  return html`<text class="fault-name${fits ? '' : ' end'}" x="${fits ? x1 + 6 : WIDTH - 8}" y="${top + 10 + index * 16}">${label}</text>`
}

function ribbon(
  history: History,
  states: ReturnType<typeof possibleStates>,
  scale: Scale,
  counterexample: Counterexample,
): Html | undefined {
  if (states.length === 0) return undefined
  const key = counterexample.keys[0]
  const name = key === undefined ? 'it' : clip(key, 8)
  const end = counterexample.culprit === undefined ? RIGHT : endX(history, counterexample.culprit, scale)
  return html`<g class="ribbon"><text class="t2" x="0" y="22">could be</text>${states.map((state, i) => {
    const x1 = scale.ofEvent(state.from)
    const last = i === states.length - 1
    const x2 = last ? end : scale.ofEvent(state.to)
    const texts = [...textsOf(state.values, state.earlier, name), '…']
    const room = x2 - x1 - 8
    const text = texts.find((candidate) => candidate.length * CHARACTER < room) ?? ''
    return html`<g><title>${possibleText(state.values, state.earlier, name)}</title><rect class="state${state.values.length + Number(state.earlier) > 1 ? ' several' : ''}${last ? ' last' : ''}" x="${x1 + 1}" y="5" width="${Math.max(2, x2 - x1 - 2)}" height="26" rx="3"/><text class="mid" x="${(x1 + x2) / 2}" y="22">${text}</text></g>`
  })}</g>`
}

const endX = (history: History, operation: OperationRow, scale: Scale): number =>
  hasReturned(history, operation) ? scale.ofEvent(history.operations.returnEvent[operation] ?? 0) : RIGHT

/** `x could only be 7`, `x could be 5, 6 or 7`. */
function possibleText(values: readonly Json[], earlier: boolean, name: string): string {
  const names = [...(earlier ? ['an earlier value'] : []), ...values.map((value) => valueText(value, 10))]
  if (names.length === 1) return `${name} could only be ${names[0]}`
  return `${name} could be ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

/** Longest first; the page takes the first that fits. */
function textsOf(values: readonly Json[], earlier: boolean, name: string): string[] {
  const names = [...(earlier ? ['earlier'] : []), ...values.map((value) => valueText(value, 10))]
  const only = names[0] ?? ''
  if (names.length === 1) return [`${name} is ${only}, and nothing else`, `only ${only}`, only]
  if (names.length > 3) return [`one of ${names.length} values`, `${names.length} values`]
  return [`${names.slice(0, -1).join(', ')} or ${names[names.length - 1] ?? ''}`, names.join('|')]
}

/** An arc from an answer to the operation that ignores it, with the time between them. */
function accusation(history: History, counterexample: Counterexample, bars: readonly LabelledBar[]): Html | undefined {
  const because = reproach(history, counterexample)
  const from = bars.find((bar) => bar.operation === because?.by)
  const to = bars.find((bar) => bar.operation === counterexample.culprit)
  if (from === undefined || to === undefined) return undefined
  const { callTime, returnTime } = history.operations
  const gap = (callTime[to.operation] ?? 0) - (returnTime[from.operation] ?? 0)
  const text = hasTimes(history) ? `${duration(gap)} later` : 'later'
  const width = text.length * CHARACTER
  const inLane = from.lane === to.lane
  const arc: Arc = inLane
    ? [at(from.x2, from.y), at(from.x2 + 8, from.y - 30), at(to.x1 - 8, to.y - 30), at(to.x1, to.y)]
    : [at(from.x2, from.y), at(from.x2 + 34, from.y), at(to.x1 - 40, to.y), at(to.x1 - 2, to.y)]
  const { x, y } = inLane
    ? at((from.x2 + to.x1) / 2, (from.y + to.y) / 2 - 30)
    : besideArc(
        arc,
        width,
        bars.flatMap((bar) => boxesOf(history, bar)),
        BOUNDS,
      )
  return html`<g class="accusation"><path class="arc" marker-end="url(#tip-${counterexample.level})" d="${pathOf(arc)}"/><text class="arc-text" x="${x}" y="${y}">${text}</text></g>`
}

const BOUNDS = { left: LEFT, right: WIDTH - 2 }

const at = (x: number, y: number): Point => ({ x, y })

const pathOf = ([from, leaving, arriving, to]: Arc): string =>
  `M${from.x} ${from.y}C${leaving.x} ${leaving.y} ${arriving.x} ${arriving.y} ${to.x} ${to.y}`

/** What a bar, its label and the name of its node cover. */
function boxesOf(history: History, bar: LabelledBar): Box[] {
  const { text, x, above } = bar.label
  const node = clip(nodeOf(history, bar.operation) ?? '', 16)
  const [over, under] = above ? [text, node] : [node, text]
  return [
    { left: bar.x1, right: bar.x2, top: bar.y - BAR / 2, bottom: bar.y + BAR / 2 },
    boxOf(at(x, bar.y - BAR / 2 - 6), over.length * CHARACTER),
    boxOf(at(x, bar.y + BAR / 2 + 14), under.length * CHARACTER),
  ]
}

/** One step of a cycle of orders, with its number in the text next to the drawing. */
function edgeArc(
  level: string,
  bars: readonly Bar[],
  { before, after, reason }: OrderEdge,
  number: number,
): Html | undefined {
  // What clients did and saw is as it should be; red is what that leaves no place for.
  const calm = reason === 'process order' || reason === 'reads from' ? '-calm' : ''
  const from = bars.find((bar) => bar.operation === before)
  const to = bars.find((bar) => bar.operation === after)
  if (from === undefined || to === undefined) return undefined
  const [x1, x2] = [(from.x1 + from.x2) / 2, (to.x1 + to.x2) / 2]
  const forth = x2 > x1 ? 1 : -1
  const half = BAR / 2
  // Within a lane, steps forward run below the bars and steps back above them, so that a pair of them does not overlap.
  const [y1, y2, bend] =
    from.lane === to.lane
      ? [from.y + forth * half, to.y + forth * half, forth * 30]
      : to.y > from.y
        ? [from.y + half, to.y - half - 2, 0]
        : [from.y - half, to.y + half + 2, 0]
  const lean = from.lane === to.lane ? bend : to.y > from.y ? 22 : -22
  const path = `M${x1} ${y1}C${x1 + (x2 - x1) * 0.2} ${y1 + lean} ${x1 + (x2 - x1) * 0.8} ${y2 + (bend === 0 ? -lean : lean)} ${x2} ${y2}`
  const [mx, my] = [
    x1 + (x2 - x1) * (bend === 0 ? 0.42 : 0.5),
    y1 + (y2 - y1) * (bend === 0 ? 0.42 : 0.5) + bend * 0.75,
  ]
  return html`<g class="edge" data-edge="${number}"><path class="arc${calm === '' ? '' : ' calm'}" marker-end="url(#tip${calm}-${level})" d="${path}"/><circle class="edge-dot${calm === '' ? '' : ' calm'}" cx="${mx}" cy="${my}" r="8"/><text class="edge-number${calm === '' ? '' : ' calm'}" x="${mx}" y="${my + 4}">${String.fromCharCode(96 + number)}</text></g>`
}

function axis(history: History, operations: readonly OperationRow[], scale: Scale, bottom: number): Html {
  const events = eventsOf(history, operations)
  const digits = Math.min(6, digitsToTellApart(events.map((event) => event.time)))
  const { callEvent, callLine, returnEvent, returnLine } = history.operations
  const lineAt = (position: number): number => {
    const row = operations.find((operation) => callEvent[operation] === position || returnEvent[operation] === position)
    if (row === undefined) return 0
    return (callEvent[row] === position ? callLine[row] : returnLine[row]) ?? 0
  }
  let free = LEFT - 20
  const marks = events.flatMap((event) => {
    const x = scale.ofEvent(event.position)
    const text = hasTimes(history) ? moment(event.time, digits) : `line ${lineAt(event.position)}`
    const half = (text.length * CHARACTER) / 2
    if (x - half < free || x + half > WIDTH) return [html`<path class="tick" d="M${x} ${bottom + 4}v5"/>`]
    free = x + half + 8
    return [
      html`<path class="tick" d="M${x} ${bottom + 4}v8"/><text class="t2 mid" x="${x}" y="${bottom + 28}">${text}</text>`,
    ]
  })
  return html`<path class="axis" d="M${LEFT - 6} ${bottom + 4}H${RIGHT + 14}"/>${marks}`
}
