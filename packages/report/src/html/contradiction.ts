import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { duration, type History, hasTimes, type Json, moment } from '@chaosproxy/history'
import { decisive } from '../facts/gap.ts'
import type { NearFault } from '../facts/near-faults.ts'
import type { Wire } from '../facts/wire.ts'
import { reproach } from '../moments.ts'
import {
  briefAnswer,
  byCall,
  callEventOf,
  callTimeOf,
  clientOf,
  eventsOf,
  hasReturned,
  isFinal,
  linesOf,
  mayReturnValue,
  nodeOf,
  operationText,
  requestText,
  returnEventOf,
  returnTimeOf,
  rowsOf,
  valueText,
} from '../operation-words.ts'
import { clip } from '../terminal/width.ts'
import { distinguishingDigits } from '../words.ts'
import { besideArc, boxOf, pathOf } from './arc-label.ts'
import { CHARACTER, coversOf, type LabelledBar, type LabelText, labelled, labelsClearOfArcs } from './bar-labels.ts'
import { arrowTips, BAR, type Bar, cycleArcs, DISC, stepsBetween } from './cycle-arcs.ts'
import { holdingBars } from './holding-bars.ts'
import { type Html, html, svgPath, svgRect, svgText } from './markup.ts'
import { heightOfNodes, isAcross, laneNodes, nodeLanes } from './node-lanes.ts'
import { possibleStates } from './ribbon.ts'
import { type Covers, routeOf } from './route.ts'
import { type Scale, scaleOf } from './scale.ts'

/** A larger drawing would neither explain more nor fit a screen. */
const MOST_DRAWN = { ofFewClients: 8, ofMany: 4 }
const FEW_CLIENTS = 4

const WIDTH = 760
const LEFT = 74
const RIGHT = WIDTH - 26
/** Returns the height of a lane in pixels, so that many clients fit a screen. */
const laneHeight = (lanes: readonly string[]): number =>
  lanes.length > FEW_CLIENTS ? 52 : lanes.length === FEW_CLIENTS ? 54 : 66
/** Height added above the first lane if an arc passes over a label, in pixels. */
const LEAP = 22

/** Returns the accused operations: the impossible one, or final reads that differ. */
export function accusedOf(history: History, counterexample: Counterexample): ReadonlySet<OperationRow> {
  if (counterexample.culprit !== undefined) return new Set([counterexample.culprit])
  if (counterexample.level !== 'eventual' && counterexample.level !== 'convergent') return new Set()
  return new Set(rowsOf(counterexample).filter((operation) => isFinal(history, operation)))
}

/** Returns the part of the counterexample that is drawn: all of it unless it is too large. */
export function drawnOf(history: History, counterexample: Counterexample): Counterexample {
  const clients = new Set(rowsOf(counterexample).map((operation) => clientOf(history, operation))).size
  return decisive(history, counterexample, clients > FEW_CLIENTS ? MOST_DRAWN.ofMany : MOST_DRAWN.ofFewClients)
}

/** Returns the attributes that give a drawing of this width and height its size in pixels. */
type DrawingPlace = (width: number, height: number) => Html | undefined

interface DrawingOptions {
  /** Sets the drawing's size in pixels. By default, the drawing takes the available width. */
  readonly place?: DrawingPlace | undefined
  readonly wire?: Wire | undefined
}

/**
 * Draws the counterexample over time. Each process has a lane and each operation a bar: filled for a change, outlined
 * for a read, in accent colour for the impossible operation. Faults are bands. The values that the object could have
 * had are above the lanes.
 */
export function contradictionSvg(
  history: History,
  counterexample: Counterexample,
  faults: readonly NearFault[],
  { place = () => undefined, wire }: DrawingOptions = {},
): Html {
  // A page may have several drawings, so element ids include the level.
  const { level } = counterexample
  const operations = rowsOf(counterexample)
  const lanes = [...new Set(operations.map((operation) => clientOf(history, operation)))]
  const states = possibleStates(history, counterexample)
  const nodes = laneNodes(history, counterexample, faults, wire)
  // The bands of these faults cross all lanes. Their names are above the first lane, where operations have no labels.
  const across = faults.filter((fault) => isAcross(history, fault, nodes))
  const leap = leapsInFirstLane(history, counterexample, lanes) ? LEAP : 0
  const top = (states.length > 0 ? 54 : 12) + across.length * 16 + leap
  const edges = faults.flatMap(({ from, to }) => [from, to])
  const scale = scaleOf(eventsOf(history, operations), LEFT + 10, RIGHT - 12, edges)
  const plain = operations.map((operation, i) => barOf(history, operation, i + 1, lanes, scale, top))
  const accused = accusedOf(history, counterexample)
  const withKey = counterexample.keys.length > 1
  const underClients = top + lanes.length * laneHeight(lanes)
  const bounds = { left: LEFT - 10, right: WIDTH - 2, top: top - 12 - leap + DISC, bottom: underClients - DISC }
  const reproached = reproachBetween(history, counterexample, plain)
  const bars = labelsClearOfArcs(
    labelled(plain, (bar) => barLabel(history, bar, accused, withKey), { left: LEFT - 8, right: WIDTH - 2 }),
    (placed) => [
      ...(reproached === undefined ? [] : [reproached]),
      ...stepsBetween(counterexample, placed).map(({ from, to }) => [from, to] as const),
    ],
    bounds,
  )
  const covers = coversOf(bars, bounds)
  const bottom = underClients + heightOfNodes(nodes, wire)
  const height = bottom + 34
  const axisBox = { left: 0, right: WIDTH, top: bottom, bottom: height }
  const gaps = scale.breaks.map(({ x, nanos }) => boxOf({ x, y: bottom - 4 }, duration(nanos).length * CHARACTER))
  const holdings = holdingBars(history, counterexample, {
    ...{ scale, left: LEFT, right: RIGHT + 14, taken: [...covers.texts, ...covers.bars, ...gaps, axisBox] },
    laneOf: (row) => plain.find((bar) => bar.operation === row)?.y ?? 0,
  })
  return html`<svg class="why-svg"${place(WIDTH, height)} viewBox="0 0 ${WIDTH} ${height}" role="group" aria-label="The ${operations.length} operations of the contradiction, by process, time to the right">
<defs><pattern id="hatch-${level}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V7" class="hatch"/></pattern>${arrowTips(level)}</defs>
${across.map((fault) => faultBand(level, fault, scale, top - leap - across.length * 16, bottom))}
${across.map((fault, i) => faultName(fault, i, scale, top - leap - across.length * 16))}
${ribbon(history, states, scale, counterexample)}
${lanes.map((name, i) => {
  const y = middleOf(i, lanes, top)
  return html`${svgText('lane-name', 0, y + 5, clip(name, 10))}${svgPath('lane', html`M${LEFT - 6} ${y}H${RIGHT + 14}`)}`
})}
${scale.breaks.map(
  ({ x, nanos }) =>
    html`${svgPath('break', html`M${x - 4} ${top}V${bottom - 8}M${x + 4} ${top}V${bottom - 8}`)}${svgPath('axis', html`M${x - 7} ${bottom + 10}l6 -12M${x + 1} ${bottom + 10}l6 -12`)}${svgText('gap', x, bottom - 4, duration(nanos))}`,
)}
${nodeLanes(history, counterexample, faults, nodes, { scale, left: LEFT - 6, right: RIGHT + 14, top: underClients, accused, hatch: `hatch-${level}`, tip: `tip-calm-${level}`, wire })}
${holdings.markup}
${accusation(history, counterexample, bars, { ...covers, texts: [...covers.texts, ...holdings.texts] })}
${cycleArcs(counterexample, bars, covers)}
${bars.map((bar) => barMarkup(history, counterexample, bar, accused.has(bar.operation)))}
${axis(history, operations, scale, bottom)}
</svg>`
}

/** Whether an arc between two bars of the first lane crosses the label of a bar between them. */
const leapsInFirstLane = (history: History, counterexample: Counterexample, lanes: readonly string[]) => {
  const { edges = [] } = counterexample
  const calls = rowsOf(counterexample)
    .filter((operation) => clientOf(history, operation) === lanes[0])
    .toSorted(byCall(history))
  return edges.some(({ before, after }) => {
    const [from, to] = [calls.indexOf(before), calls.indexOf(after)]
    return from !== -1 && to !== -1 && Math.abs(from - to) > 1
  })
}

const middleOf = (lane: number, lanes: readonly string[], top: number): number =>
  top + (lane + 0.5) * laneHeight(lanes) + 4

function barOf(
  history: History,
  operation: OperationRow,
  number: number,
  lanes: readonly string[],
  scale: Scale,
  top: number,
): Bar {
  const lane = lanes.indexOf(clientOf(history, operation))
  const x1 = scale.ofEvent(callEventOf(history, operation))
  const x2 = hasReturned(history, operation) ? scale.ofEvent(returnEventOf(history, operation)) : RIGHT + 14
  return { operation, number, lane, x1, x2: Math.max(x2, x1 + 3), y: middleOf(lane, lanes, top) }
}

function barLabel(
  history: History,
  { operation }: Bar,
  accused: ReadonlySet<OperationRow>,
  withKey: boolean,
): LabelText {
  const text = clip(`${requestText(history, operation, { withKey })} → ${briefAnswer(history, operation)}`, 34)
  const isAccused = accused.has(operation)
  return {
    text: isAccused ? `${text} ✘` : text,
    isBold: isAccused,
    node: clip(nodeOf(history, operation) ?? '', 16),
  }
}

function barMarkup(history: History, counterexample: Counterexample, bar: LabelledBar, accused: boolean): Html {
  const { operation, label } = bar
  const withKey = counterexample.keys.length > 1
  const role = counterexample.operations.find((entry) => entry.operation === operation)?.role ?? 'core'
  const kind = `${mayReturnValue(history, operation) ? 'read' : 'write'}${accused ? ' bad' : ''}${hasReturned(history, operation) ? '' : ' open'}`
  const whole = nodeOf(history, operation)
  const { text, node, x, above } = label
  const where = whole === undefined ? '' : `${mayReturnValue(history, operation) ? 'from' : 'at'} ${clip(whole, 60)}`
  return html`<g class="op ${role}" data-step="${bar.number}" data-line="${linesOf(history, operation)[0] ?? 0}" tabindex="-1" role="img" aria-label="Operation ${bar.number}: ${operationText(history, operation, { withKey })} ${where}"><rect class="bar ${kind}" x="${bar.x1}" y="${bar.y - BAR / 2}" width="${bar.x2 - bar.x1}" height="${BAR}" rx="3"/>${bar.x2 - bar.x1 > 14 && svgText(`number ${kind}`, (bar.x1 + bar.x2) / 2, bar.y + 4.5, bar.number)}${svgText(`label${accused ? ' badtext' : ''}`, x, above ? bar.y - BAR / 2 - 6 : bar.y + BAR / 2 + 14, text)}${node !== '' && svgText('node', x, above ? bar.y + BAR / 2 + 13 : bar.y - BAR / 2 - 6, node)}</g>`
}

function faultBand(level: string, fault: NearFault, scale: Scale, top: number, bottom: number): Html {
  const x1 = Math.max(LEFT - 6, scale.ofTime(fault.from))
  const x2 = Math.min(RIGHT + 14, scale.ofTime(fault.to))
  const width = Math.max(2, x2 - x1)
  return html`<g class="fault"><title>${fault.text}</title>${svgRect('band', x1, top - 8, width, bottom - top + 12)}<rect x="${x1}" y="${top - 8}" width="${width}" height="5" fill="url(#hatch-${level})"/>${svgPath('band-edge', html`M${x1} ${top - 8}V${bottom + 4}M${x1 + width} ${top - 8}V${bottom + 4}`)}</g>`
}

/** Draws a fault's name above all bands. The name is bold, and therefore wider than other labels. */
function faultName(fault: NearFault, index: number, scale: Scale, top: number): Html {
  const x1 = Math.max(LEFT - 6, scale.ofTime(fault.from))
  const label = clip(fault.short, 44)
  const fits = WIDTH - x1 > label.length * CHARACTER * 1.15 + 12
  return svgText(`fault-name${fits ? '' : ' end'}`, fits ? x1 + 6 : WIDTH - 8, top + 10 + index * 16, label)
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
  return html`<g class="ribbon">${svgText('t2', 0, 22, 'could be')}${states.map((state, i) => {
    const x1 = scale.ofEvent(state.from)
    const last = i === states.length - 1
    const x2 = last ? end : scale.ofEvent(state.to)
    const texts = [...textsOf(state.values, state.earlier, name), '…']
    const room = x2 - x1 - 8
    const text = texts.find((candidate) => candidate.length * CHARACTER < room) ?? ''
    return html`<g><title>${possibleText(state.values, state.earlier, name)}</title><rect class="state${state.values.length + Number(state.earlier) > 1 ? ' several' : ''}${last ? ' last' : ''}" x="${x1 + 1}" y="5" width="${Math.max(2, x2 - x1 - 2)}" height="26" rx="3"/>${svgText('mid', (x1 + x2) / 2, 22, text)}</g>`
  })}</g>`
}

const endX = (history: History, operation: OperationRow, scale: Scale): number =>
  hasReturned(history, operation) ? scale.ofEvent(returnEventOf(history, operation)) : RIGHT

/** Describes the possible values: `x could only be 7`, `x could be 5, 6 or 7`. */
function possibleText(values: readonly Json[], earlier: boolean, name: string): string {
  const names = [...(earlier ? ['an earlier value'] : []), ...values.map((value) => valueText(value, 10))]
  if (names.length === 1) return `${name} could only be ${names[0]}`
  return `${name} could be ${either(names)}`
}

/** Joins several names: `5, 6 or 7`. */
const either = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`

/** Returns texts for the possible values, the longest first. The drawing uses the first text that fits. */
function textsOf(values: readonly Json[], earlier: boolean, name: string): string[] {
  const names = [...(earlier ? ['earlier'] : []), ...values.map((value) => valueText(value, 10))]
  const only = names[0] ?? ''
  if (names.length === 1) return [`${name} is ${only}, and nothing else`, `only ${only}`, only]
  if (names.length > 3) return [`one of ${names.length} values`, `${names.length} values`]
  return [either(names), names.join('|')]
}

/** Returns the bar of an answer, and the bar of the operation that ignores the answer. */
function reproachBetween<B extends Bar>(
  history: History,
  counterexample: Counterexample,
  bars: readonly B[],
): readonly [from: B, to: B] | undefined {
  const because = reproach(history, counterexample)
  const from = bars.find((bar) => bar.operation === because?.by)
  const to = bars.find((bar) => bar.operation === counterexample.culprit)
  return from === undefined || to === undefined ? undefined : [from, to]
}

/** Draws an arc from an answer to the later operation that ignores the answer, with the time between them. */
function accusation(
  history: History,
  counterexample: Counterexample,
  bars: readonly LabelledBar[],
  covers: Covers,
): Html | undefined {
  const between = reproachBetween(history, counterexample, bars)
  if (between === undefined) return undefined
  const [from, to] = between
  const gap = callTimeOf(history, to.operation) - returnTimeOf(history, from.operation)
  const text = !hasTimes(history) ? 'later' : gap > 0 ? `${duration(gap)} later` : 'meanwhile'
  const width = text.length * CHARACTER
  const { arc } = routeOf(from, to, covers)
  const { x, y } = besideArc(arc, width, [...covers.texts, ...covers.bars], BOUNDS)
  return html`<g class="accusation"><path class="arc" marker-end="url(#tip-${counterexample.level})" d="${pathOf(arc)}"/>${svgText('arc-text', x, y, text)}</g>`
}

const BOUNDS = { left: LEFT, right: WIDTH - 2 }

function axis(history: History, operations: readonly OperationRow[], scale: Scale, bottom: number): Html {
  const events = eventsOf(history, operations)
  const digits = distinguishingDigits(
    events.map((event) => event.time),
    6,
  )
  let free = LEFT - 20
  const marks = events.flatMap((event) => {
    const x = scale.ofEvent(event.position)
    const text = hasTimes(history) ? moment(event.time, digits) : `line ${event.line}`
    const half = (text.length * CHARACTER) / 2
    if (x - half < free || x + half > WIDTH) return [svgPath('tick', html`M${x} ${bottom + 4}v5`)]
    free = x + half + 8
    return [html`${svgPath('tick', html`M${x} ${bottom + 4}v8`)}${svgText('t2 mid', x, bottom + 28, text)}`]
  })
  return html`${svgPath('axis', html`M${LEFT - 6} ${bottom + 4}H${RIGHT + 14}`)}${marks}`
}
