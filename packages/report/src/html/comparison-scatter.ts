import type { ComparedCell, ComparedSystem, Comparison } from '../comparison.ts'
import { cellUnder, faultsOf, share } from '../comparison-words.ts'
import { duration } from '../words.ts'
import { glyphShape } from './comparison-glyph.ts'
import { type Html, html } from './markup.ts'

const WIDTH = 1080
const HEIGHT = 460
const PLOT = { left: 62, right: 730, top: 24, bottom: 404 }
const LINE = 15

interface Point {
  readonly system: ComparedSystem
  readonly under: ComparedCell
  /** A read and a write in calm. */
  readonly latencyNanos: number
  readonly x: number
  readonly y: number
  readonly practicalY: number
}

/** What each system pays: availability under the fault upwards, the latency of a read and a write in calm to the right. */
export function scatter(comparison: Comparison): Html | undefined {
  const faults = faultsOf(comparison)
  const fault = faults.includes('partition') ? 'partition' : faults[0]
  if (fault === undefined) return undefined
  const points = pointsOf(comparison, fault)
  const most = niceAbove(Math.max(1e6, ...points.map(({ latencyNanos }) => latencyNanos)))
  const least = leastShare(points)
  const placed = points.map((point) => ({
    ...point,
    x: PLOT.left + ((PLOT.right - PLOT.left) * point.latencyNanos) / most,
    y: heightOf(point.under.availability.least, least),
    practicalY: heightOf(point.under.practical.least, least),
  }))
  const title = `Availability under ${fault}, against the latency of a read and a write in calm`
  return html`<section aria-labelledby="scatter"><h2 id="scatter">${title}</h2><div class="scroll" tabindex="0" role="region" aria-label="${title}"><svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${axes(most, least)}${labelled(placed)}</svg></div><p class="note">The sign is the level found under ${fault}. The dotted line leads up to what clients would get that ask another node when one does not answer. Both are of the run in which the least was answered. The upper left corner is where everybody wants to be; by the CAP theorem a system whose sign is a full disc cannot stay at the top once a partition cuts a node off from the others.</p></section>`
}

function pointsOf({ systems }: Comparison, fault: string): readonly Point[] {
  return systems.flatMap((system) => {
    const calm = cellUnder(system, 'calm')?.latency
    const under = cellUnder(system, fault)
    if (calm === undefined || under === undefined) return []
    const latencyNanos = (calm.readP50 ?? 0) + (calm.writeP50 ?? 0)
    return { system, under, latencyNanos, x: 0, y: 0, practicalY: 0 }
  })
}

/** The axis begins at a round share below the least one. */
const leastShare = (points: readonly Point[]): number =>
  Math.max(0, Math.floor(Math.min(0.9, ...points.map(({ under }) => under.availability.least)) * 10) / 10)

const heightOf = (part: number, least: number): number =>
  PLOT.bottom - ((PLOT.bottom - PLOT.top) * (part - least)) / Math.max(0.01, 1 - least)

/** 1, 2 or 5 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power
}

function axes(most: number, least: number): Html {
  const columns = [0, 0.25, 0.5, 0.75, 1]
  const rows = Array.from({ length: 6 }, (_, i) => least + ((1 - least) * i) / 5)
  return html`${rows.map((part) => html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${heightOf(part, least)}" y2="${heightOf(part, least)}"/><text class="t2 right" x="${PLOT.left - 8}" y="${heightOf(part, least) + 4}">${share(part)}</text>`)}${columns.map((part) => html`<text class="t2 mid" x="${PLOT.left + (PLOT.right - PLOT.left) * part}" y="${PLOT.bottom + 20}">${duration(most * part)}</text>`)}<line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${PLOT.bottom}" y2="${PLOT.bottom}"/><text class="t2 mid" x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 42}">a read and a write in calm, medians added</text>`
}

/** Names stand in a list on the right, in the order of their points, each with a line to its point. */
function labelled(points: readonly Point[]): Html {
  const sorted = [...points].sort((one, other) => one.y - other.y || other.x - one.x)
  const listTop = Math.max(PLOT.top, (PLOT.top + PLOT.bottom - sorted.length * LINE) / 2)
  const line = Math.min(LINE, (HEIGHT - 20 - listTop) / Math.max(1, sorted.length))
  return html`${sorted.map(({ system, under, x, y, practicalY, latencyNanos }, i) => {
    const labelY = listTop + (i + 0.5) * line
    const text = `${system.name}: ${share(under.availability.least)} available, ${duration(latencyNanos)}`
    return html`<g><title>${text}</title><path class="leader" fill="none" d="M${x + 8} ${y}L${PLOT.right + 14} ${labelY}h8"/>${practicalY < y - 2 ? html`<line class="practice" x1="${x}" x2="${x}" y1="${y - 7}" y2="${practicalY}"/><line class="tick-practice" x1="${x - 4}" x2="${x + 4}" y1="${practicalY}" y2="${practicalY}"/>` : undefined}<g class="glyph ${under.kept === false ? 'broken' : ''}" transform="translate(${x} ${y})">${glyphShape(under.level)}</g><text x="${PLOT.right + 26}" y="${labelY + 4}">${system.name}</text></g>`
  })}`
}
