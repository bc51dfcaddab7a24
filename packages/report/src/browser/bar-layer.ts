import type { View } from './view.ts'

/** A stretch of time to be drawn, and where its times stand in the canvas, in CSS pixels. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly x: (time: number) => number
}

/** A place for each time, in pixels of the screen: `perNano` times what has passed since `time`, less `before`. */
interface Kept {
  readonly time: number
  readonly perNano: number
  before: number
}

/**
 * The bars as they were drawn last. While the view moves along, at one scale, they move with it by whole pixels, and just
 * what comes into sight is drawn.
 */
export class BarLayer {
  readonly #canvas = document.createElement('canvas')
  readonly #context = this.#canvas.getContext('2d')
  #kept: Kept | undefined

  /** Has everything drawn anew the next time. */
  forget(): void {
    this.#kept = undefined
  }

  /** Shows the bars of the view, as `draw` draws those of a stretch into what it is given. */
  show(
    on: CanvasRenderingContext2D,
    view: View,
    draw: (context: CanvasRenderingContext2D, stretch: Stretch) => void,
  ): void {
    const context = this.#context
    if (context === null || on.canvas.width === 0 || view.width === 0) return
    const density = on.canvas.width / view.width
    const perNano = ((view.right - view.left) * density) / (view.to - view.from)
    const whole = Math.max(this.#canvas.width, on.canvas.width)
    const by =
      this.#kept === undefined
        ? whole
        : Math.round((view.from - this.#kept.time) * this.#kept.perNano) - this.#kept.before
    const isSameScale = this.#kept !== undefined && Math.abs(perNano / this.#kept.perNano - 1) < 1e-9
    const isSameSize = this.#canvas.width === on.canvas.width && this.#canvas.height === on.canvas.height
    if (!isSameSize) [this.#canvas.width, this.#canvas.height] = [on.canvas.width, on.canvas.height]
    const kept: Kept =
      this.#kept !== undefined && isSameScale && isSameSize && Math.abs(by) < whole
        ? this.#kept
        : { time: view.from, perNano, before: 0 }
    const isAnew = kept !== this.#kept
    this.#kept = kept
    // Marks reach a few pixels to either side of their bar.
    const margin = 6
    const edge = Math.max(0, Math.floor((view.left - margin) * density))
    const overlap = Math.ceil(margin * density)
    const strip = (from: number, to: number): void => {
      context.save()
      context.setTransform(density, 0, 0, density, 0, 0)
      context.beginPath()
      context.rect(from / density, 0, (to - from) / density, view.height)
      context.clip()
      context.clearRect(from / density, 0, (to - from) / density, view.height)
      const timeAt = (pixel: number): number => kept.time + (pixel + kept.before - view.left * density) / kept.perNano
      draw(context, {
        from: timeAt(from - overlap),
        to: timeAt(to + overlap),
        x: (time) => view.left + ((time - kept.time) * kept.perNano - kept.before) / density,
      })
      context.restore()
    }
    const { width, height } = this.#canvas
    if (isAnew) strip(0, width)
    else if (by !== 0) {
      kept.before += by
      context.save()
      context.globalCompositeOperation = 'copy'
      context.drawImage(this.#canvas, -by, 0)
      context.restore()
      if (by > 0) strip(Math.max(0, width - by - overlap), width)
      else strip(edge, Math.min(width, edge - by + overlap))
    }
    on.drawImage(this.#canvas, 0, 0, width, height, 0, 0, view.width, view.height)
  }
}
