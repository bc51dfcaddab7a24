import type { Explorer } from './explorer.ts'
import type { Find } from './find.ts'
import type { PageData } from './page-data.ts'
import type { Words } from './words.ts'

/**
 * Starts a cursor that spans all charts. The text in `#chart-detail` shows the values at the cursor. A click on a chart
 * moves the timeline to the clicked time.
 */
export function startChartCursor({ plot, bins, end }: PageData, explorer: Explorer, words: Words, find: Find): void {
  const charts = document.querySelector('#charts')
  const region = charts?.parentElement
  if (!charts || !region) return
  const cursor = find('#cursor', SVGGElement)
  const detail = find('#chart-detail', HTMLElement)
  let current = -1

  const read = (index: number): void => {
    current = Math.max(0, Math.min(bins.ok.length - 1, index))
    const [from, to] = [current * bins.width, (current + 1) * bins.width]
    const x = plot.left + (((current + 0.5) * bins.width) / end) * (plot.right - plot.left)
    cursor.removeAttribute('hidden')
    cursor.setAttribute('transform', `translate(${x})`)
    const [ok, fail, info] = [bins.ok[current] ?? 0, bins.fail[current] ?? 0, bins.info[current] ?? 0]
    const stale = bins.stale[current]
    const [p50, p99] = [bins.p50[current] ?? null, bins.p99[current] ?? null]
    detail.textContent = [
      `${words.seconds(from, 2)} to ${words.seconds(to, 2)}`,
      words.faults(from, to) || 'no fault',
      `${words.number(Math.round(((ok + fail + info) / bins.width) * 1e9))} ops/s`,
      p50 === null || p99 === null ? 'no answer' : `p50 ${words.length(p50)}, p99 ${words.length(p99)}`,
      `${ok} ok, ${fail} fail, ${info} info`,
      ...(stale === undefined ? [] : [`${stale} stale`]),
    ].join(' · ')
  }
  const binAt = ({ clientX }: MouseEvent): number => {
    const { left, width } = charts.getBoundingClientRect()
    const x = ((clientX - left) / width) * plot.width
    return Math.floor((((x - plot.left) / (plot.right - plot.left)) * end) / bins.width)
  }

  region.addEventListener('pointermove', (event) => read(binAt(event)))
  region.addEventListener('click', (event) => {
    const middle = (Math.max(0, binAt(event)) + 0.5) * bins.width
    explorer.look(middle - end / 40, middle + end / 40)
  })
  region.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    read(current + by * (event.shiftKey ? 10 : 1))
  })
}
