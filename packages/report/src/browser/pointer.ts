import type { Explorer } from './explorer.ts'
import type { View } from './view.ts'

/**
 * Handles the pointer: a drag pans, or with Shift chooses a time span to zoom to. Two fingers zoom and pan. A click
 * chooses an operation, and hovering describes it. The wheel pans, or with Ctrl or ⌘ zooms.
 */
export function listenToPointer(canvas: HTMLCanvasElement, explorer: Explorer, view: View): void {
  interface Drag {
    readonly x: number
    readonly from: number
    readonly to: number
    readonly isSelecting: boolean
    moved: boolean
  }
  let drag: Drag | undefined
  /** The position of each finger, by pointer id. */
  const fingers = new Map<number, number>()
  /** The times under the two fingers when the pinch began. */
  let pinched: readonly [number, number] | undefined

  const xOf = ({ clientX }: MouseEvent): number => clientX - canvas.getBoundingClientRect().left
  const pointedAt = (event: PointerEvent) => explorer.at(xOf(event), event.clientY - canvas.getBoundingClientRect().top)

  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    fingers.set(event.pointerId, xOf(event))
    const [one, other] = fingers.values()
    if (one !== undefined && other !== undefined) {
      drag = undefined
      pinched = [view.timeAt(one), view.timeAt(other)]
      return
    }
    drag = { x: event.clientX, from: view.from, to: view.to, isSelecting: event.shiftKey, moved: false }
  })
  /** Zooms and pans so that the two times in `pinched` stay under the two fingers. */
  const pinch = ([first, second]: readonly [number, number]): void => {
    const [one = 0, other = 0] = fingers.values()
    if (Math.abs(one - other) < 8) return
    const perPixel = (second - first) / (other - one)
    if (perPixel <= 0) return
    const from = first - (one - view.left) * perPixel
    explorer.look(from, from + (view.right - view.left) * perPixel)
  }
  const stretchTo = (event: PointerEvent, { x }: Drag): readonly [number, number] => {
    const start = xOf(event) + x - event.clientX
    const times = [view.timeAt(start), view.timeAt(xOf(event))] as const
    return [Math.min(...times), Math.max(...times)]
  }
  canvas.addEventListener('pointermove', (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, xOf(event))
    if (pinched !== undefined) return pinch(pinched)
    if (drag === undefined) {
      const operation = pointedAt(event)
      if (operation !== undefined) explorer.describe(operation)
      return
    }
    const pixels = drag.x - event.clientX
    if (Math.abs(pixels) > 3) drag.moved = true
    if (!drag.moved) return
    if (drag.isSelecting) return explorer.propose(stretchTo(event, drag))
    const by = (pixels / (view.right - view.left)) * (drag.to - drag.from)
    explorer.look(drag.from + by, drag.to + by)
  })
  const lift = ({ pointerId }: PointerEvent): void => {
    fingers.delete(pointerId)
    if (fingers.size < 2) pinched = undefined
    drag = undefined
    explorer.propose(undefined)
  }
  canvas.addEventListener('pointerup', (event) => {
    if (drag?.moved === true && drag.isSelecting) explorer.look(...stretchTo(event, drag))
    const operation = drag !== undefined && !drag.moved ? pointedAt(event) : undefined
    if (operation !== undefined) explorer.choose(operation)
    lift(event)
  })
  canvas.addEventListener('pointercancel', lift)
  const turnWheel = (event: WheelEvent): void => {
    const zooms = event.ctrlKey || event.metaKey
    if (!zooms && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return
    event.preventDefault()
    if (zooms) explorer.zoom(Math.exp(event.deltaY / 300), xOf(event))
    else explorer.pan(event.deltaX / view.width)
  }
  canvas.addEventListener('wheel', turnWheel, { passive: false })
}
