import type { Explorer } from './explorer.ts'
import type { Find } from './find.ts'
import type { PageData } from './page-data.ts'
import type { View } from './view.ts'

/**
 * The whole run as a strip: how much was called, faults, the contradiction, and the part in sight, which a press or a
 * drag moves. Keys and buttons of the timeline do the same.
 */
export function startMinimap(data: PageData, explorer: Explorer, view: View, find: Find): void {
  const canvas = find('#minimap', HTMLCanvasElement)
  const context = canvas.getContext('2d')
  if (context === null) return
  const height = 36
  const { bins, end } = data
  const calls = bins.ok.map((ok, i) => ok + (bins.fail[i] ?? 0) + (bins.info[i] ?? 0))
  const most = Math.max(1, ...calls)
  let grip: number | undefined

  const x = (time: number): number => view.left + (time / end) * (canvas.clientWidth - 8 - view.left)
  const timeAt = ({ clientX }: PointerEvent): number =>
    ((clientX - canvas.getBoundingClientRect().left - view.left) / (canvas.clientWidth - 8 - view.left)) * end

  const draw = (): void => {
    const density = devicePixelRatio || 1
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string): string => style.getPropertyValue(`--${name}`)
    const width = canvas.clientWidth
    canvas.width = Math.round(width * density)
    canvas.height = Math.round(height * density)
    context.setTransform(density, 0, 0, density, 0, 0)
    context.clearRect(0, 0, width, height)
    const fill = (name: string, left: number, top: number, wide: number, high: number): void => {
      context.fillStyle = colour(name)
      context.fillRect(left, top, wide, high)
    }
    for (const [from, to] of data.faults) fill('band', x(from), 0, Math.max(1, x(to) - x(from)), height)
    for (const [i, amount] of calls.entries()) {
      const high = amount === 0 ? 0 : Math.max(1, (amount / most) * (height - 12))
      const left = x(i * bins.width)
      fill('d2', left, height - 2 - high, Math.max(1, x((i + 1) * bins.width) - left), high)
      if ((bins.stale[i] ?? 0) > 0) fill('accent', left, height - 5, Math.max(2, x((i + 1) * bins.width) - left), 3)
    }
    if (explorer.chosen !== undefined) fill('ink', x(explorer.chosen.call) - 1, 0, 2, height)
    context.strokeStyle = colour('ink')
    context.lineWidth = 1.5
    const [left, right] = [x(view.from), x(view.to)]
    context.strokeRect(left, 1, Math.max(3, right - left), height - 2)
  }
  /** At the next frame, once for all that happened until then. */
  let isAsked = false
  const redraw = (): void => {
    if (isAsked) return
    isAsked = true
    requestAnimationFrame(() => {
      isAsked = false
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
  for (const happening of ['resize', 'themechange']) addEventListener(happening, redraw)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  explorer.onChange(redraw)
  draw()
}
