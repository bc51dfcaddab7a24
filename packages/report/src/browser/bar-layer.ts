import type { View } from './view.ts'

/** A time span, and its mapping to CSS pixels of the canvas. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly x: (time: number) => number
}

/** How the cached bars were drawn. Since then they have moved left by `gone` pixels. */
interface Kept {
  readonly time: number
  readonly perNano: number
  gone: number
}

type Draw = (context: CanvasRenderingContext2D, stretch: Stretch) => void

/** Caches the drawn bars. When the view pans, they are moved by whole pixels, and only new parts are drawn. */
export class BarLayer {
  readonly #canvas = document.createElement('canvas')
  readonly #context = this.#canvas.getContext('2d')
  #kept: Kept | undefined

  forget(): void {
    this.#kept = undefined
  }

  /** Shows the bars of the view. `draw` draws a time span into the given context. */
  show(on: CanvasRenderingContext2D, view: View, draw: Draw): void {
    const { width, height } = on.canvas
    if (this.#context === null || width === 0 || view.width === 0) return
    const perNano = ((view.right - view.left) / (view.to - view.from)) * (width / view.width)
    const kept = this.#kept
    const by = kept === undefined ? 0 : Math.round((view.from - kept.time) * kept.perNano) - kept.gone
    const isSameScale = kept !== undefined && Math.abs(perNano / kept.perNano - 1) < 1e-9
    const isSameSize = this.#canvas.width === width && this.#canvas.height === height
    if (kept !== undefined && isSameScale && isSameSize && Math.abs(by) < width) this.#move(kept, by, view, draw)
    else {
      if (!isSameSize) Object.assign(this.#canvas, { width, height })
      this.#kept = { time: view.from, perNano, gone: 0 }
      this.#drawStrip(this.#kept, [0, width], view, draw)
    }
    on.drawImage(this.#canvas, 0, 0, width, height, 0, 0, view.width, view.height)
  }

  #move(kept: Kept, by: number, view: View, draw: Draw): void {
    const context = this.#context
    if (context === null || by === 0) return
    const { width } = this.#canvas
    kept.gone += by
    context.save()
    context.globalCompositeOperation = 'copy'
    context.drawImage(this.#canvas, -by, 0)
    context.restore()
    const margin = this.#marginOf(view)
    const edge = Math.max(0, Math.floor((view.left * width) / view.width) - margin)
    const strip: [number, number] =
      by > 0 ? [Math.max(0, width - by - margin), width] : [edge, Math.min(width, edge - by + margin)]
    this.#drawStrip(kept, strip, view, draw)
  }

  /** Returns the width of a margin in pixels. Marks extend from their bar into this margin. */
  #marginOf(view: View): number {
    return Math.ceil((6 * this.#canvas.width) / view.width)
  }

  /** Draws the bars between two columns of device pixels. */
  #drawStrip({ time, perNano, gone }: Kept, [from, to]: [number, number], view: View, draw: Draw): void {
    const context = this.#context
    if (context === null) return
    const density = this.#canvas.width / view.width
    const margin = this.#marginOf(view)
    const timeAt = (pixel: number): number => time + (pixel + gone - view.left * density) / perNano
    context.save()
    context.setTransform(density, 0, 0, density, 0, 0)
    context.beginPath()
    context.rect(from / density, 0, (to - from) / density, view.height)
    context.clip()
    context.clearRect(from / density, 0, (to - from) / density, view.height)
    draw(context, {
      from: timeAt(from - margin),
      to: timeAt(to + margin),
      x: (moment) => view.left + ((moment - time) * perNano - gone) / density,
    })
    context.restore()
  }
}
