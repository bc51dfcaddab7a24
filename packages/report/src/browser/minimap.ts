import type { Explorer } from './explorer.ts'
import type { Find } from './find.ts'
import type { PageData } from './page-data.ts'
import type { PaintStrip } from './paint-strip.ts'
import type { View } from './view.ts'

/** Starts the strip that shows the whole run and its visible part. A press or drag moves the visible part. */
export function startMinimap(data: PageData, explorer: Explorer, view: View, find: Find, paintStrip: PaintStrip): void {
  const canvas = find('#minimap', HTMLCanvasElement)
  const context = canvas.getContext('2d')
  if (context === null) return
  const height = 36
  const { end } = data
  let grip: number | undefined

  const x = (time: number): number => view.left + (time / end) * (canvas.clientWidth - 8 - view.left)
  const timeAt = ({ clientX }: PointerEvent): number =>
    ((clientX - canvas.getBoundingClientRect().left - view.left) / (canvas.clientWidth - 8 - view.left)) * end

  /** The static part of the strip, for one size and theme. */
  const still = document.createElement('canvas')
  let ink = ''
  const fit = (): void => {
    const density = devicePixelRatio || 1
    for (const each of [canvas, still]) {
      each.width = Math.round(canvas.clientWidth * density)
      each.height = Math.round(height * density)
      each.getContext('2d')?.setTransform(density, 0, 0, density, 0, 0)
    }
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string): string => style.getPropertyValue(`--${name}`)
    ink = colour('ink')
    const strip = still.getContext('2d')
    if (strip !== null) paintStrip(strip, data, { x, height, colour })
  }
  const draw = (): void => {
    const width = canvas.clientWidth
    // The canvas has no size until its frame is laid out.
    if (still.width === 0) return
    context.clearRect(0, 0, width, height)
    context.drawImage(still, 0, 0, width, height)
    context.fillStyle = ink
    if (explorer.chosen !== undefined) context.fillRect(x(explorer.chosen.call) - 1, 0, 2, height)
    context.strokeStyle = ink
    context.lineWidth = 1.5
    const [left, right] = [x(view.from), x(view.to)]
    context.strokeRect(left, 1, Math.max(3, right - left), height - 2)
  }
  /** Whether a redraw was already requested. */
  let isScheduled = false
  const redraw = (): void => {
    if (isScheduled) return
    isScheduled = true
    requestAnimationFrame(() => {
      isScheduled = false
      draw()
    })
  }

  const move = (event: PointerEvent): void => {
    if (grip === undefined) return
    const from = timeAt(event) - grip
    explorer.look(from, from + view.to - view.from)
  }
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    const time = timeAt(event)
    const isInside = time >= view.from && time <= view.to
    grip = isInside ? time - view.from : (view.to - view.from) / 2
    move(event)
  })
  canvas.addEventListener('pointermove', move)
  for (const happening of ['pointerup', 'pointercancel'])
    canvas.addEventListener(happening, () => {
      grip = undefined
    })
  const renew = (): void => {
    fit()
    draw()
  }
  for (const happening of ['resize', 'themechange']) addEventListener(happening, renew)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', renew)
  explorer.onChange(redraw)
  renew()
}
