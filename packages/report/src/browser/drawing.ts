import type { BarLayer, Stretch } from './bar-layer.ts'
import type { Operation } from './decode.ts'
import type { Filters } from './filters.ts'
import type { PageData } from './page-data.ts'
import type { PaintBar, Palette } from './paint-bar.ts'
import type { Row } from './rows.ts'
import type { View } from './view.ts'
import type { Words } from './words.ts'

/** Operations to enlarge and draw above all others. */
export interface Marked {
  chosen: Operation | undefined
  /** The line numbers, in the history, of the operations that form one contradiction. */
  part: ReadonlySet<number>
  red: ReadonlySet<number>
  stretch: readonly [from: number, to: number] | undefined
}

interface Options {
  readonly data: PageData
  readonly canvas: HTMLCanvasElement
  readonly view: View
  readonly filters: Filters
  readonly words: Words
  readonly marked: Marked
  readonly paintBar: PaintBar
  readonly bars: BarLayer
}

/** Draws the visible part of the timeline: a row of bars for each client, over bands of faults. */
export class Drawing {
  readonly #options: Options
  readonly #context: CanvasRenderingContext2D
  #palette: Palette
  #asked = false

  constructor(options: Options) {
    const context = options.canvas.getContext('2d')
    if (context === null) throw new Error('This browser cannot draw on a canvas.')
    this.#options = options
    this.#context = context
    this.#palette = this.#readPalette()
  }

  fit(): void {
    const { canvas, view } = this.#options
    this.#palette = this.#readPalette()
    view.resize(canvas.clientWidth)
    const density = devicePixelRatio || 1
    canvas.width = Math.round(view.width * density)
    canvas.height = Math.round(view.height * density)
    this.#context.setTransform(density, 0, 0, density, 0, 0)
    this.#options.bars.forget()
    this.#draw()
  }

  /** Redraws everything once, at the browser's next frame. */
  redraw(): void {
    this.#options.bars.forget()
    this.move()
  }

  /** Redraws at the browser's next frame. Call after a change of only the visible time span. */
  move(): void {
    if (this.#asked) return
    this.#asked = true
    requestAnimationFrame(() => {
      this.#asked = false
      this.#draw()
    })
  }

  #readPalette(): Palette {
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim()
    const [page, ink, softInk, line, strongLine] = [
      colour('page'),
      colour('ink'),
      colour('ink2'),
      colour('line'),
      colour('line2'),
    ]
    return { page, ink, softInk, line, strongLine, red: colour('accent'), data: colour('data'), band: colour('band') }
  }

  #draw(): void {
    const context = this.#context
    const { view, bars } = this.#options
    const { top, left, width, height } = view
    context.clearRect(0, 0, width, height)
    context.font = '11px system-ui, sans-serif'
    this.#drawBands()
    this.#drawComplete()
    this.#drawAxis()
    context.save()
    this.#clip(0, top - 4, width, height - top - 12)
    const rows = view.rowsInSight()
    for (const [index, row] of rows) this.#drawRowLine(row, view.y(index + 0.5))
    this.#clip(left - 6, top - 8, width, height - top - 8)
    bars.show(context, view, (layer, stretch) => {
      layer.font = context.font
      for (const [index, row] of rows) this.#drawBars(layer, stretch, row, view.y(index))
    })
    context.restore()
    this.#drawFaultLabels()
    this.#drawStretch()
  }

  #drawStretch(): void {
    const { view, marked } = this.#options
    if (marked.stretch === undefined) return
    const [left, right] = marked.stretch.map((time) => Math.max(view.left, Math.min(view.right, view.x(time)))) as [
      number,
      number,
    ]
    this.#context.strokeStyle = this.#palette.ink
    this.#context.setLineDash([4, 3])
    this.#context.strokeRect(left, view.top - 6, right - left, view.height - view.top - 10)
    this.#context.setLineDash([])
  }

  #clip(x: number, y: number, width: number, height: number): void {
    this.#context.beginPath()
    this.#context.rect(x, y, width, height)
    this.#context.clip()
  }

  #strokeLine(x1: number, y1: number, x2: number, y2: number): void {
    this.#context.beginPath()
    this.#context.moveTo(x1, y1)
    this.#context.lineTo(x2, y2)
    this.#context.stroke()
  }

  #faultsInView(): PageData['faults'] {
    const { data, view } = this.#options
    return data.faults.filter(([from, to]) => to >= view.from && from <= view.to)
  }

  #drawBands(): void {
    const { view } = this.#options
    this.#context.fillStyle = this.#palette.band
    for (const [from, to] of this.#faultsInView()) {
      const left = Math.max(view.left, view.x(from))
      this.#context.fillRect(left, 0, Math.max(1, view.x(to) - left), view.height)
    }
  }

  /**
   * Hatches the time spans that are drawn in full instead of sampled. Otherwise their higher density would look like a
   * burst of traffic.
   */
  #drawComplete(): void {
    const context = this.#context
    const { data, view } = this.#options
    context.save()
    context.strokeStyle = this.#palette.strongLine
    for (const [from, to] of data.sample.complete) {
      if (to < view.from || from > view.to) continue
      const [left, right] = [Math.max(view.left, view.x(from)), Math.min(view.right, view.x(to))]
      context.save()
      this.#clip(left, view.top - 4, right - left, view.height)
      for (let x = left - view.height; x < right; x += 7) this.#strokeLine(x, view.height, x + view.height, 0)
      context.restore()
      context.fillStyle = this.#palette.softInk
      const text = `all; elsewhere 1 in ${data.sample.every}`
      if (context.measureText(text).width < right - left) context.fillText(text, left + 4, view.height - 14)
    }
    context.restore()
  }

  #drawAxis(): void {
    const context = this.#context
    const { view, words } = this.#options
    const raw = (view.to - view.from) / Math.max(2, view.width / 130)
    const power = 10 ** Math.floor(Math.log10(raw))
    const step = ([1, 2, 5].find((factor) => factor * power >= raw) ?? 10) * power
    const digits = Math.max(0, Math.min(9, 9 - Math.floor(Math.log10(step))))
    context.fillStyle = this.#palette.softInk
    context.strokeStyle = this.#palette.line
    for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
      const x = view.x(time)
      this.#strokeLine(x, 14, x, view.height)
      const text = words.seconds(time, digits)
      if (x + 3 + context.measureText(text).width <= view.width) context.fillText(text, x + 3, 11)
    }
  }

  #drawRowLine({ name }: Row, y: number): void {
    const { view } = this.#options
    this.#context.strokeStyle = this.#palette.line
    this.#strokeLine(view.left, y, view.right, y)
    this.#context.fillStyle = this.#palette.softInk
    this.#context.fillText(name, 4, y + 4)
  }

  #drawBars(context: CanvasRenderingContext2D, stretch: Stretch, row: Row, rowTop: number): void {
    const { view, filters, marked } = this.#options
    const top = rowTop + Math.max(1, view.rowHeight * 0.15)
    const filtered = filters.active()
    const loud: Operation[] = []
    const severities = { ok: 1, fail: 2, info: 3 }
    let lastPixel = -1
    let lastSeverity = 0
    view.within(row, stretch.from, stretch.to, (operation) => {
      if (operation === marked.chosen || marked.part.has(operation.line)) {
        loud.push(operation)
        return
      }
      const left = stretch.x(operation.call)
      const width = stretch.x(operation.shownEnd) - left
      const faint = filtered && !filters.passes(operation)
      if (width < 1.5) {
        // Several operations share a pixel: paint only the worst, so that failures stay visible.
        const pixel = Math.floor(left)
        const severity = faint ? 0 : severities[operation.outcome]
        if (pixel === lastPixel && severity <= lastSeverity) return
        lastPixel = pixel
        lastSeverity = severity
      }
      this.#paint(context, operation, { left, top, width: Math.max(1, width) }, faint)
    })
    for (const operation of loud) {
      const left = stretch.x(operation.call)
      const width = Math.max(3, stretch.x(operation.shownEnd) - left)
      this.#paint(context, operation, { left, top, width }, false)
    }
  }

  #paint(
    context: CanvasRenderingContext2D,
    operation: Operation,
    place: { readonly left: number; readonly top: number; readonly width: number },
    isFaint: boolean,
  ): void {
    const { view, words, marked, paintBar } = this.#options
    paintBar(context, this.#palette, {
      ...place,
      height: view.rowHeight * 0.7,
      text: () => words.brief(operation),
      outcome: operation.outcome,
      isRead: words.hasReturnValue(operation),
      isFaint,
      isPart: marked.part.has(operation.line),
      isRed: marked.red.has(operation.line),
      isChosen: operation === marked.chosen,
    })
  }

  #drawFaultLabels(): void {
    const context = this.#context
    const { view } = this.#options
    context.fillStyle = this.#palette.softInk
    let free = -1
    for (const [from, to, label] of this.#faultsInView()) {
      const left = Math.max(view.x(from), view.left) + 3
      const right = left + context.measureText(label).width
      if (left < free || right > Math.max(view.x(to), left + 40) + 60) continue
      context.fillText(label, left, view.height - 1)
      free = right + 8
    }
  }
}
