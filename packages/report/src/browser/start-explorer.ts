import type { count, duration } from '@chaosproxy/history'
import type { startAddress } from './address.ts'
import type { BarLayer } from './bar-layer.ts'
import type { startChartCursor } from './chart-cursor.ts'
import type { decode } from './decode.ts'
import type { Drawing, Marked } from './drawing.ts'
import type { Explorer } from './explorer.ts'
import type { filtersOf } from './filters.ts'
import type { find } from './find.ts'
import type { listenToKeys } from './keys.ts'
import type { startMinimap } from './minimap.ts'
import type { PageData } from './page-data.ts'
import type { paintBar } from './paint-bar.ts'
import type { paintStrip } from './paint-strip.ts'
import type { listenToPointer } from './pointer.ts'
import type { startRed } from './red.ts'
import type { rowsOf } from './rows.ts'
import type { View } from './view.ts'
import type { wordsOf } from './words.ts'

interface ExplorerParts {
  readonly find: typeof find
  readonly count: typeof count
  readonly duration: typeof duration
  readonly decode: typeof decode
  readonly rowsOf: typeof rowsOf
  readonly wordsOf: typeof wordsOf
  readonly filtersOf: typeof filtersOf
  readonly View: typeof View
  readonly paintBar: typeof paintBar
  readonly BarLayer: typeof BarLayer
  readonly Drawing: typeof Drawing
  readonly Explorer: typeof Explorer
  readonly listenToPointer: typeof listenToPointer
  readonly listenToKeys: typeof listenToKeys
  readonly startRed: typeof startRed
  readonly startChartCursor: typeof startChartCursor
  readonly paintStrip: typeof paintStrip
  readonly startMinimap: typeof startMinimap
  readonly startAddress: typeof startAddress
}

/** Starts the timeline and the charts' cursor. */
export function startExplorer(parts: ExplorerParts): void {
  const { find, BarLayer, Drawing, Explorer, View } = parts
  const data: PageData = JSON.parse(find('#data', HTMLScriptElement).text)
  const canvas = find('#explorer', HTMLCanvasElement)
  const scroller = find('#timeline', HTMLElement)
  const operations = parts.decode(data)
  const rows = parts.rowsOf(data.lanes, operations)
  const words = parts.wordsOf(data, parts)
  const filters = parts.filtersOf(operations, words)
  const view = new View(rows, data, scroller)
  const marked: Marked = { chosen: undefined, part: new Set(), red: new Set(), stretch: undefined }
  const bars = new BarLayer()
  const drawing = new Drawing({ data, canvas, view, filters, words, marked, paintBar: parts.paintBar, bars })
  const [detail, found] = [find('#detail', HTMLElement), find('#found', HTMLElement)]
  const explorer = new Explorer({ operations, end: data.end, view, drawing, filters, words, marked, detail, found })

  for (const element of [canvas, scroller]) element.style.height = `${view.height}px`
  find('#timeline-rows', HTMLElement).style.height = `${view.wholeHeight}px`
  drawing.fit()
  for (const happening of ['resize', 'themechange']) addEventListener(happening, () => drawing.fit())
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawing.fit())
  scroller.addEventListener('scroll', () => drawing.redraw())
  filters.onChange(() => explorer.filter())
  explorer.filter()
  parts.listenToPointer(canvas, explorer, view)
  parts.listenToKeys(canvas, explorer, find)
  parts.startRed(canvas, explorer, data, find)
  parts.startChartCursor(data, explorer, words, find)
  parts.startMinimap(data, explorer, view, find, parts.paintStrip)
  parts.startAddress(canvas, explorer, filters, view)
}
