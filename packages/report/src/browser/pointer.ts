import type { Explorer } from './explorer.ts'
import type { View } from './view.ts'

/** Dragging pans, a click chooses, pointing reads out, and the wheel zooms with Ctrl or ⌘ held and pans sideways. */
export function listenToPointer(canvas: HTMLCanvasElement, explorer: Explorer, view: View): void {
  let drag: { readonly x: number; readonly from: number; readonly to: number; moved: boolean } | undefined
  const pointedAt = ({ clientX, clientY }: PointerEvent) => {
    const { left, top } = canvas.getBoundingClientRect()
    return explorer.at(clientX - left, clientY - top)
  }
  canvas.addEventListener('pointerdown', (event) => {
    drag = { x: event.clientX, from: view.from, to: view.to, moved: false }
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', (event) => {
    if (drag === undefined) {
      const operation = pointedAt(event)
      if (operation !== undefined) explorer.describe(operation)
      return
    }
    const pixels = drag.x - event.clientX
    const by = (pixels / (view.right - view.left)) * (drag.to - drag.from)
    if (Math.abs(pixels) > 3) drag.moved = true
    if (drag.moved) explorer.look(drag.from + by, drag.to + by)
  })
  canvas.addEventListener('pointerup', (event) => {
    const operation = drag !== undefined && !drag.moved ? pointedAt(event) : undefined
    if (operation !== undefined) explorer.choose(operation)
    drag = undefined
  })
  canvas.addEventListener('pointercancel', () => {
    drag = undefined
  })
  const turnWheel = (event: WheelEvent): void => {
    const zooms = event.ctrlKey || event.metaKey
    if (!zooms && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return
    event.preventDefault()
    if (zooms) explorer.zoom(Math.exp(event.deltaY / 300), event.clientX - canvas.getBoundingClientRect().left)
    else explorer.pan(event.deltaX / view.width)
  }
  canvas.addEventListener('wheel', turnWheel, { passive: false })
}
