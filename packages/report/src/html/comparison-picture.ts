import { duration } from '@chaosproxy/history'
import { AVAILABLE, type Pacelc } from '@chaosproxy/runner/result'
import type { ComparedCell, ComparedSystem, Comparison } from '../comparison.ts'
import { cellUnder, classRuns, cutCell, levelName, pacelcRule, spreadText, strongestName } from '../comparison-words.ts'
import { type Box, boxAround } from './arc-label.ts'
import { glyph, glyphShape } from './comparison-glyph.ts'
import { dodge } from './dodge.ts'
import { type Html, html, note, sectionOf, svgPath, svgRect, svgText } from './markup.ts'

/** The sizes of the drawing for one kind of screen: wide screens, tablets or phones. */
interface Layout {
  readonly kind: 'wide' | 'middle' | 'narrow'
  readonly width: number
  readonly height: number
  readonly left: number
  /** Between the panels. */
  readonly gap: number
}

const LAYOUTS: readonly Layout[] = [
  { kind: 'wide', width: 1080, height: 500, left: 52, gap: 20 },
  { kind: 'middle', width: 720, height: 480, left: 52, gap: 16 },
  { kind: 'narrow', width: 358, height: 560, left: 44, gap: 8 },
]
const TOP = 30
const BOTTOM = 46
/** Right margin in pixels, for half of the last tick's label. */
const RIGHT = 16
/**
 * The share of the drawing's height that is for availabilities above the threshold. It is large, because most systems
 * are near the threshold.
 */
const AVAILABLE_PART = 0.42
/** If there are more systems, they are numbered instead of named. */
const MOST_NAMED = 8
const CHARACTER = 6.6
const GLYPH = 17

interface Point {
  readonly system: ComparedSystem
  readonly number: number
  readonly under: ComparedCell
  readonly found: string
  readonly panel: 0 | 1
  /** The sum of the median read latency and the median write latency without faults, in nanoseconds. */
  readonly latencyNanos: number
}

/**
 * Draws a chart of CAP and PACELC. The vertical axis is the availability under partition, and the horizontal axis is
 * the latency without faults. The strongest systems have a panel of their own. Returns undefined if no system was
 * measured under partition.
 */
export function picture(comparison: Comparison): Html | undefined {
  const points = pointsOf(comparison)
  if (points.length === 0) return undefined
  const title = 'What each gives up'
  return sectionOf(
    'pacelc',
    title,
    html`${LAYOUTS.map((layout) => drawing(points, comparison, layout))}${classes(comparison)}<p class="note"><b>The rule.</b> ${pacelcRule(comparison)} (If there is a partition, availability or consistency; else, latency or consistency: D. Abadi, 2012. That a system cut in two cannot be both available and ${strongestName(comparison)}: S. Gilbert and N. Lynch, 2002.) All of this was measured, not promised, and holds for this network and these faults. PC only means that it answered less. Whether its answers were right is shown by the symbol, here and in the list below: the level found under the cut. Each mark stands at the median of the runs under the cut in which that is lowest; a line leads from the run with the least to the one with the most. The part above 99% is enlarged, since most systems are near it. A dotted line leads up to what clients would get that ask another node when one does not answer.</p>`,
  )
}

function pointsOf(comparison: Comparison): readonly Point[] {
  return comparison.systems.flatMap((system, i) => {
    const calm = cellUnder(system, 'calm')
    const under = cutCell(system)
    if (calm?.latency === undefined || under === undefined || system.pacelc === undefined) return []
    const latencyNanos = (calm.latency.readP50 ?? 0) + (calm.latency.writeP50 ?? 0)
    const found = levelName(under.level, comparison)
    return { system, number: i + 1, under, found, panel: system.pacelc.endsWith('EC') ? 1 : 0, latencyNanos } as const
  })
}

const PANELS = [
  { name: 'EL', meaning: 'without a cut, weaker than ' },
  { name: 'EC', meaning: 'without a cut, ' },
] as const

function drawing(points: readonly Point[], comparison: Comparison, layout: Layout): Html {
  const scale = scaleFor(points, layout)
  const isNamed = layout.kind !== 'narrow' && comparison.systems.length <= MOST_NAMED
  const strongest = strongestName(comparison)
  const label = 'Availability while nodes are cut off, against the latency of a read and a write in calm'
  return html`<svg class="plot ${layout.kind}" viewBox="0 0 ${layout.width} ${layout.height}" role="img" aria-label="${label}">${PANELS.map((_, i) => frame(i, scale, layout, strongest))}${curvesOf(points, scale)}${PANELS.map(
    (_, i) =>
      marks(
        points.filter(({ panel }) => panel === i),
        i,
        scale,
        isNamed,
      ),
  )}${svgText('t2 mid', layout.width / 2, layout.height - 6, 'a read and a write in calm, medians added')}</svg>`
}

interface Scale {
  readonly areas: readonly Box[]
  readonly least: number
  readonly ticks: readonly number[]
  x(panel: number, nanos: number): number
  y(availability: number): number
}

/** 1, 2 and 5 times the powers of ten, from a microsecond to a thousand seconds. */
const NICE: readonly number[] = Array.from(
  { length: 30 },
  (_, i) => (([1, 2, 5] as const)[i % 3] ?? 1) * 10 ** (3 + Math.floor(i / 3)),
)

function scaleFor(points: readonly Point[], { width, height, left, gap }: Layout): Scale {
  const each = (width - left - gap - RIGHT) / 2
  const [top, bottom] = [TOP, height - BOTTOM]
  const areas = [0, 1].map((i) => ({
    left: left + i * (each + gap),
    right: left + i * (each + gap) + each,
    top,
    bottom,
  }))
  const latencies = points.map(({ latencyNanos }) => Math.max(1e3, latencyNanos))
  const [low, high] = [
    NICE.findLast((nice) => nice < Math.min(...latencies)) ?? 1e3,
    NICE.find((nice) => nice > Math.max(...latencies)) ?? 1e13,
  ]
  const least = Math.floor(Math.min(AVAILABLE - 0.01, ...points.map(({ under }) => under.availability.least)) * 10) / 10
  const line = top + (bottom - top) * AVAILABLE_PART
  return {
    areas,
    least,
    ticks: NICE.filter((nanos) => nanos >= low && nanos <= high),
    x(panel, nanos) {
      const area = areas[panel]
      if (area === undefined) throw new Error('there are two panels')
      const part = Math.log10(Math.max(low, nanos) / low) / Math.log10(high / low)
      return area.left + 14 + (area.right - area.left - 28) * part
    },
    y: (availability) =>
      availability >= AVAILABLE
        ? line - ((line - top - 12) * (availability - AVAILABLE)) / (1 - AVAILABLE)
        : bottom - 12 - ((bottom - 12 - line) * (availability - least)) / (AVAILABLE - least),
  }
}

function frame(panel: number, scale: Scale, { kind }: Layout, strongest: string): Html {
  const [area, about] = [scale.areas[panel], PANELS[panel]]
  if (area === undefined || about === undefined) return html``
  const { left, right, top, bottom } = area
  const line = scale.y(AVAILABLE)
  const shares = [1, AVAILABLE, ...belowAvailable(scale.least)]
  const ticks =
    kind !== 'narrow'
      ? scale.ticks
      : scale.ticks.filter((_, i, all) => all.length < 5 || i % Math.ceil(all.length / 3) === 0)
  return html`${svgRect('panel', left, top, right - left, bottom - top)}${svgRect('panel top-part', left, top, right - left, line - top)}${svgText('corner', right - 8, line - 10, `PA/${about.name}`)}${svgText('corner', right - 8, bottom - 10, `PC/${about.name}`)}${svgText('row-name', left, top - 10, html`${about.name}${kind !== 'narrow' && html`<tspan class="t2"> ${about.meaning}${strongest}</tspan>`}`)}${panel === 0 && kind !== 'narrow' && svgText('t2', left + 8, line - 10, '99% to 100%, enlarged')}${shares.map((part) => html`<line class="${part === AVAILABLE ? 'axis' : 'grid'}" x1="${left}" x2="${right}" y1="${scale.y(part)}" y2="${scale.y(part)}"/>${panel === 0 && svgText('t2 right', left - 6, scale.y(part) + 4, `${Math.round(part * 100)}%`)}`)}${ticks.map((nanos) => html`<line class="axis" x1="${scale.x(panel, nanos)}" x2="${scale.x(panel, nanos)}" y1="${bottom}" y2="${bottom + 4}"/>${svgText('t2 mid', scale.x(panel, nanos), bottom + 18, roundDuration(nanos))}`)}`
}

/** Formats a duration without zeros after the point: `1 ms` instead of `1.0 ms`. */
const roundDuration = (nanos: number): string => duration(nanos).replace('.0 ', ' ').replace('.00 ', ' ')

/** Returns the ticks below the threshold: one for every 10%, or one for every 20% if room is scarce. */
const belowAvailable = (least: number): readonly number[] => {
  const step = least < 0.45 ? 0.2 : 0.1
  return [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0].filter(
    (part) => part >= least - 0.001 && (step === 0.1 || Math.round(part * 10) % 2 === 0),
  )
}

/** Draws a curve through each sweep's points, in the order of values. */
function curvesOf(points: readonly Point[], scale: Scale): Html {
  const names = [...new Set(points.flatMap(({ system }) => system.curve ?? []))]
  const place = ({ panel, latencyNanos, under }: Point): string =>
    `${Math.round(scale.x(panel, latencyNanos))} ${Math.round(scale.y(under.availability.median))}`
  return html`${names.map((name) => {
    const ofCurve = points.filter(({ system }) => system.curve === name)
    return svgPath('curve', html`M${ofCurve.map(place).join('L')}`)
  })}`
}

/** Draws each sign at its place, with a label that overlaps no other label. */
function marks(points: readonly Point[], panel: number, scale: Scale, isNamed: boolean): Html {
  const area = scale.areas[panel]
  if (area === undefined) return html``
  const sorted = points.toSorted(
    (one, other) =>
      other.under.availability.median - one.under.availability.median || one.latencyNanos - other.latencyNanos,
  )
  const textOf = ({ system, number }: Point): string => (isNamed ? system.name : String(number))
  const places = sorted.map((point) => ({
    x: scale.x(panel, point.latencyNanos),
    y: scale.y(point.under.availability.median),
    width: textOf(point).length * CHARACTER,
  }))
  const signs = places.map((place) => boxAround(place, GLYPH / 2, GLYPH / 2))
  const corners = [scale.y(AVAILABLE), area.bottom].map((bottom) => ({
    ...area,
    left: area.right - 60,
    top: bottom - 26,
    bottom,
  }))
  const spots = dodge(
    places.map((place) => ({ ...place, x: place.x + GLYPH })),
    area,
    [...corners, ...signs],
  )
  const placed = sorted.flatMap((point, i) => {
    const [place, spot] = [places[i], spots[i]]
    return place === undefined || spot === undefined ? [] : [{ point, place, spot }]
  })
  return html`${placed.map(({ point, place: { x, y }, spot }) => {
    const { availability, practical } = point.under
    const practicalY = scale.y(practical.median)
    const [leastY, mostY] = [scale.y(availability.least), scale.y(availability.most)]
    const isWide = leastY - mostY > GLYPH / 2
    return html`${isWide && svgPath('spread', html`M${x} ${leastY}V${mostY}M${x - 4} ${leastY}h8M${x - 4} ${mostY}h8`)}${practicalY < y - 2 && html`${svgPath('practice', html`M${x} ${y}V${practicalY}`)}${svgPath('tick-practice', html`M${x - 4} ${practicalY}h8`)}`}${leader(x, y, spot.left, spot.middle)}`
  })}${placed.map(({ point, place: { x, y }, spot }) => {
    const { under } = point
    return html`<g><title>${aboutPoint(point)}</title><g class="glyph ${under.kept === false ? 'broken' : ''}" transform="translate(${x} ${y})">${glyphShape(under.level)}</g>${svgText(under.kept === false ? 'bad-name' : '', spot.left, spot.middle + 4, textOf(point))}</g>`
  })}`
}

/** Draws a line from a mark to a label that was moved away. */
const leader = (x: number, y: number, toX: number, toY: number): Html | undefined =>
  Math.hypot(toX - GLYPH / 2 - x, toY - y) < 9 ? undefined : svgPath('leader', html`M${x} ${y}L${toX} ${toY}`)

const aboutPoint = ({ system, number, under, found, latencyNanos }: Point): string =>
  `${number}. ${system.name}: ${spreadText(under.availability)} available under ${under.condition} and found ${found}, ${duration(latencyNanos)} for a read and a write in calm`

const classesWith = (strongest: string): readonly { readonly name: Pacelc; readonly meaning: string }[] => [
  { name: 'PA/EL', meaning: 'answers whatever happens, and soon' },
  { name: 'PA/EC', meaning: 'consistent until it is cut, then available' },
  { name: 'PC/EL', meaning: 'weaker for the sake of latency, and answers less than 99% when cut' },
  { name: 'PC/EC', meaning: `${strongest} without a cut, and answers less than 99% when cut` },
]

function classes(comparison: Comparison): Html {
  const { systems } = comparison
  const isNamed = systems.length <= MOST_NAMED
  const numbered = systems.map((system, i) => ({ system, number: i + 1 }))
  return html`<div class="classes">${classesWith(strongestName(comparison)).map(({ name, meaning }) => {
    const members = numbered.filter(({ system }) => system.pacelc === name)
    return html`<div><h3>${name}</h3>${note(meaning)}<ul>${members.map(({ system, number }) => html`<li>${!isNamed && html`<b>${number}</b>`}<span>${glyph(cutCell(system)?.level ?? 'unknown')} ${system.name} <small>${classRuns(system)}</small></span></li>`)}</ul>${members.length === 0 && note('none')}</div>`
  })}</div>`
}
