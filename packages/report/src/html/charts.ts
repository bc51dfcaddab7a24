import { count, duration, type History, moment, plural } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'
import { endText } from '../facts/near-faults.ts'
import { clip } from '../terminal/width.ts'
import type { Binned, Bins } from './bins.ts'
import { type Box, decadesOf, type HeatMap, heatCells, heatMapOf } from './heat-map.ts'
import { type Html, html, round, svgPath, svgText } from './markup.ts'
import { type NodeStrip, nodeStrips, nodeStripsOf, STRIP_HEIGHT } from './node-strips.ts'

const WIDTH = 1080
const LEFT = 132
const RIGHT = WIDTH - 8
const CHARACTER = 6.6

/** The extent of the time axis in the view box. The page's script uses it, too. */
export const plotArea: { readonly left: number; readonly right: number; readonly width: number } = {
  left: LEFT,
  right: RIGHT,
  width: WIDTH,
}

interface Charted {
  readonly bins: Bins
  readonly heat: HeatMap
  readonly strips: readonly NodeStrip[]
  readonly spans: readonly FaultSpan[]
  readonly end: number
  readonly marks: readonly number[]
}

export function chartedOf(
  history: History,
  binned: Binned,
  { spans, end, marks }: Pick<Charted, 'spans' | 'end' | 'marks'>,
): Charted {
  return { bins: binned.bins, heat: heatMapOf(binned), strips: nodeStripsOf(history, binned), spans, end, marks }
}

/** Draws charts in rows over one time axis. Faults are bands across all rows. */
export function charts({ bins, heat, strips, spans, end, marks }: Charted): Html {
  const x = (time: number): number => LEFT + (Math.max(0, Math.min(end, time)) / end) * (RIGHT - LEFT)
  const names = faultNames(spans, x)
  const rows = Math.max(0, ...names.map((name) => name.row + 1))
  const faultsBottom = rows === 0 ? 0 : 8 + rows * 18
  const throughput = { top: faultsBottom + 14, bottom: faultsBottom + 104 }
  const latency = { top: throughput.bottom + 26, bottom: throughput.bottom + 136 }
  const trouble = { top: latency.bottom + 24, bottom: latency.bottom + 66 }
  const nodes = { top: trouble.bottom + 14, left: LEFT, right: RIGHT, width: bins.width, x }
  const bottom = strips.length === 0 ? trouble.bottom : nodes.top + strips.length * STRIP_HEIGHT + 2
  return html`<svg id="charts" viewBox="0 0 ${WIDTH} ${bottom + 26}" role="img" aria-label="Goodput, stale reads, latency, failures and what each node answered over the run, with its faults">
${spans.map((span) => html`<rect class="band" x="${x(span.from)}" y="4" width="${Math.max(1.5, x(span.to) - x(span.from))}" height="${bottom - 4}"><title>${span.label}, ${moment(span.from)} to ${endText({ ...span, startingFrom: undefined })}</title></rect>`)}
${rows !== 0 && svgText('row-name', 0, 20, 'faults')}
${names.map(
  (name) =>
    html`<g>${svgPath('fault-line', html`M${name.x1} ${13 + name.row * 18}H${Math.max(name.x1 + 2, name.x2)}`)}${svgText('fault-label', name.textX, 17 + name.row * 18, name.text)}</g>`,
)}
${throughputRow(bins, throughput, x)}
${latencyRow(bins, heat, latency, x)}
${troubleRow(bins, trouble, x)}
${nodeStrips(strips, spans, nodes)}
${marks.map((time) => html`${svgPath('contradiction-mark', html`M${x(time)} ${throughput.top - 6}V${bottom}`)}<path class="contradiction-flag" d="M${x(time) - 5} ${throughput.top - 12}h10l-5 8z"><title>the contradiction, ${moment(time)}</title></path>`)}
${timeAxis(end, bottom, x)}
<g id="cursor" hidden><path d="M0 4V${bottom}"/></g>
</svg>`
}

type ToX = (time: number) => number

/** Places the labels beside their lines, each in the first row with room. Labels beyond the sixth row are left out. */
function faultNames(
  spans: readonly FaultSpan[],
  x: ToX,
): { x1: number; x2: number; textX: number; text: string; row: number }[] {
  const free: number[] = []
  return spans.flatMap((span) => {
    const [x1, x2] = [x(span.from), x(span.to)]
    const text = clip(span.label, 40)
    const width = text.length * CHARACTER
    const beside = x2 + 6 + width <= WIDTH
    const textX = beside ? x2 + 6 : Math.max(LEFT, x1 - 6 - width)
    const [from, to] = [Math.min(x1, textX), Math.max(x2, textX + width) + 10]
    const found = free.findIndex((taken) => taken <= from)
    const row = found < 0 ? free.length : found
    if (row >= 6) return []
    free[row] = to
    return [{ x1, x2, textX, text, row }]
  })
}

/** Draws goodput as an area, the rate of calls as a line, and stale reads as bars. */
function throughputRow(bins: Bins, box: Box, x: ToX): Html {
  const perSecond = (count: number): number => (count / bins.width) * 1e9
  const good = bins.ok.map(perSecond)
  const all = bins.ok.map((ok, i) => perSecond(ok + (bins.fail[i] ?? 0) + (bins.info[i] ?? 0)))
  const top = niceCeiling(Math.max(1, ...all))
  const y = (rate: number): number => box.bottom - (rate / top) * (box.bottom - box.top)
  const steps = (rates: readonly number[]): string =>
    rates.map((rate, i) => `H${round(x(i * bins.width))}V${round(y(rate))}`).join('')
  const right = round(x(all.length * bins.width))
  const stale = bins.stale
    .map((amount, i) => {
      if (amount === 0) return ''
      const high = Math.max(3, box.bottom - y(perSecond(amount)))
      return `M${round(x(i * bins.width))} ${box.bottom}v${-round(high)}H${round(Math.max(x(i * bins.width) + 1.5, x((i + 1) * bins.width)))}v${round(high)}z`
    })
    .join('')
  const staleCount = bins.stale.reduce((sum, amount) => sum + amount, 0)
  const staleText =
    bins.stale.length > 0 &&
    svgText(`t2${staleCount > 0 ? ' badtext' : ''}`, 0, box.top + 74, plural(staleCount, 'stale read'))
  return html`${svgText('row-name', 0, box.top + 10, 'goodput')}${svgText('t2', 0, box.top + 26, 'ok per second;')}${svgText('t2', 0, box.top + 42, 'line: all called')}${staleText}${gridLines([0, top / 2, top], y, rateText)}${svgPath('throughput', html`M${LEFT} ${box.bottom}${steps(good)}H${right}V${box.bottom}Z`)}${svgPath('called', html`M${LEFT} ${box.bottom}${steps(all)}H${right}V${box.bottom}`)}${stale !== '' && svgPath('stale', stale)}`
}

/** Draws the frequency of latencies, with the median and the 99th percentile. */
function latencyRow(bins: Bins, heat: HeatMap, box: Box, x: ToX): Html {
  const { low, high } = heat
  const y = (nanos: number): number =>
    box.bottom - (Math.log10(Math.max(low, nanos) / low) / Math.log10(high / low)) * (box.bottom - box.top)
  const steps = (values: readonly number[]): string =>
    values
      .map((value, i) =>
        Number.isFinite(value)
          ? `M${round(x(i * bins.width))} ${round(y(value))}H${round(x((i + 1) * bins.width))}`
          : '',
      )
      .join('')
  return html`${svgText('row-name', 0, box.top + 10, 'latency')}${svgText('t2', 0, box.top + 26, 'darker: more')}${svgText('t2', 0, box.top + 42, 'p50 and p99')}${gridLines(decadesOf(heat), y, duration)}${heatCells(heat, box, x)}${svgPath('p99-edge', steps(bins.p99))}${svgPath('p50', steps(bins.p50))}`
}

/** Draws `fail` upward and `info` downward, on a square root scale, so that single operations are visible. */
function troubleRow(bins: Bins, box: Box, x: ToX): Html {
  const middle = (box.top + box.bottom) / 2
  const most = Math.max(1, ...bins.fail, ...bins.info)
  const size = (amount: number): number =>
    amount === 0 ? 0 : Math.max(2, Math.sqrt(amount / most) * ((box.bottom - box.top) / 2))
  const bar = (amount: number, i: number, direction: 1 | -1): string => {
    if (amount === 0) return ''
    const [x1, x2] = [x(i * bins.width), x((i + 1) * bins.width)]
    return `M${round(x1)} ${round(middle)}v${round(direction * size(amount))}H${round(Math.max(x1 + 1, x2 - 0.6))}V${round(middle)}Z`
  }
  return html`${svgText('row-name', 0, middle - 4, 'fail ↑')}${svgText('row-name', 0, middle + 14, 'info ↓')}${svgPath('axis', html`M${LEFT} ${middle}H${RIGHT}`)}${svgPath('fail', bins.fail.map((n, i) => bar(n, i, -1)).join(''))}${svgPath('info', bins.info.map((n, i) => bar(n, i, 1)).join(''))}`
}

const rateText = (rate: number): string =>
  rate < 1e5 ? count(rate) : rate < 1e6 ? `${count(rate / 1e3)}k` : `${Number((rate / 1e6).toPrecision(3))}M`

const gridLines = (values: readonly number[], y: (value: number) => number, text: (value: number) => string): Html[] =>
  values.map(
    (value) =>
      html`${svgPath('grid', html`M${LEFT} ${y(value)}H${RIGHT}`)}${svgText('t2 right', LEFT - 8, y(value) + 4, text(value))}`,
  )

function timeAxis(end: number, bottom: number, x: ToX): Html {
  const step = niceStep(end / 10)
  const times = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step)
  return html`${svgPath('axis', html`M${LEFT} ${bottom}H${RIGHT}`)}${times.map((time) => {
    const text = `${Number((time / 1e9).toPrecision(6))} s`
    return html`${svgPath('tick', html`M${x(time)} ${bottom}v5`)}${svgText(`t2 ${x(time) > RIGHT - 20 ? 'right' : 'mid'}`, x(time), bottom + 20, text)}`
  })}`
}

/** Rounds the value up to 1, 2 or 5 times a power of ten. */
function niceStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)))
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power
}

const niceCeiling = (value: number): number => {
  const step = niceStep(value / 4)
  return Math.ceil(value / step) * step
}
