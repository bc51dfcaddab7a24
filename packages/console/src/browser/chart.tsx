import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { FaultRow } from './frames.ts'
import type { Columns } from './series.ts'

export interface Line {
  readonly label: string
  /** The CSS custom property of the line's colour. */
  readonly colour: string
  readonly fill?: string
  readonly dash?: readonly number[]
}

interface ChartProps {
  readonly title: string
  readonly lines: readonly Line[]
  readonly columns: Columns
  readonly faults: readonly FaultRow[]
  /** The last moment to show, in seconds since the run began. */
  readonly end: number
  readonly format: (value: number) => string
  /** The theme. When it changes, the chart is redrawn, because the colours of a canvas do not follow CSS. */
  readonly theme: string
}

const HEIGHT = 132

export function Chart(props: ChartProps): JSX.Element {
  const { title, lines, columns, end, theme } = props
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const latest = useRef(props)
  latest.current = props
  const labels = lines.map(({ label }) => label).join()

  // Creates the plot again when the lines or the colours change.
  useEffect(() => {
    const { current } = place
    if (current === null) return undefined
    const made = new uPlot(optionsFor(current.clientWidth, latest), data(latest.current.columns), current)
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: current.clientWidth, height: HEIGHT }))
    resized.observe(current)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [labels, theme])

  useEffect(() => {
    plot.current?.setData(data(columns), false)
    plot.current?.setScale('x', { min: 0, max: Math.max(1, end) })
  }, [columns, end])

  return (
    <figure class="chart" aria-label={title}>
      <figcaption>
        <b>{title}</b>
        {lines.map(({ label, colour }) => (
          <span key={label}>
            <i class={`swatch ${colour.slice(2)}`} />
            {label}
          </span>
        ))}
      </figcaption>
      <div ref={place} />
    </figure>
  )
}

// uPlot declares its data as writable, but does not change it.
const data = (columns: Columns): uPlot.AlignedData => columns as uPlot.AlignedData

const colourOf = (property: string): string => getComputedStyle(document.documentElement).getPropertyValue(property)

function optionsFor(width: number, latest: { readonly current: ChartProps }): uPlot.Options {
  const { lines, format } = latest.current
  const axis = { stroke: colourOf('--ink2'), grid: { stroke: colourOf('--line'), width: 1 }, ticks: { show: false } }
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: 'run' }, drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((seconds) => `${seconds} s`), size: 24, gap: 4 },
      { ...axis, values: (_, ticks) => ticks.map(format), size: 58, gap: 4 },
    ],
    series: [
      {},
      ...lines.map(({ label, colour, fill, dash }) => ({
        label,
        stroke: colourOf(colour),
        width: 1.5,
        points: { show: false },
        ...(fill === undefined ? {} : { fill: colourOf(fill) }),
        ...(dash === undefined ? {} : { dash: [...dash] }),
      })),
    ],
    hooks: { drawClear: [(plot) => drawBands(plot, latest.current.faults)] },
  }
}

/** Draws the faults as bands: manual faults with solid edges, faults of the nemesis with dotted edges. */
function drawBands(plot: uPlot, faults: readonly FaultRow[]): void {
  const { ctx, bbox } = plot
  const right = bbox.left + bbox.width
  ctx.save()
  ctx.fillStyle = colourOf('--band')
  ctx.strokeStyle = colourOf('--line2')
  for (const { from, to, byHand } of faults) {
    const x1 = Math.max(bbox.left, plot.valToPos(from / 1000, 'x', true))
    const x2 = Math.min(right, to === undefined ? right : plot.valToPos(to / 1000, 'x', true))
    if (x2 < x1) continue
    ctx.fillRect(x1, bbox.top, Math.max(1, x2 - x1), bbox.height)
    ctx.setLineDash(byHand ? [] : [2, 3])
    ctx.beginPath()
    ctx.moveTo(x1, bbox.top)
    ctx.lineTo(x1, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}
