import type { Explorer } from './explorer.ts'
import type { Find } from './find.ts'

/** Handles the keys of the focused timeline, and the buttons above it. */
export function listenToKeys(canvas: HTMLCanvasElement, explorer: Explorer, find: Find): void {
  const actions: { readonly [key: string]: () => void } = {
    ArrowLeft: () => explorer.pan(-0.2),
    ArrowRight: () => explorer.pan(0.2),
    '+': () => explorer.zoom(0.5),
    '=': () => explorer.zoom(0.5),
    '-': () => explorer.zoom(2),
    Home: () => explorer.lookAtAll(),
    z: () => explorer.zoomToChosen(),
    n: () => explorer.step(1),
    p: () => explorer.step(-1),
  }
  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  })
  find('#zoom-in', HTMLButtonElement).addEventListener('click', () => explorer.zoom(0.5))
  find('#zoom-out', HTMLButtonElement).addEventListener('click', () => explorer.zoom(2))
  find('#zoom-chosen', HTMLButtonElement).addEventListener('click', () => explorer.zoomToChosen())
  find('#zoom-all', HTMLButtonElement).addEventListener('click', () => explorer.lookAtAll())
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-from]')) {
    button.addEventListener('click', () => {
      const [from, to] = [Number(button.dataset['from']), Number(button.dataset['to'])]
      const room = Math.max((to - from) * 0.2, 1e6)
      explorer.look(from - room, to + room)
      canvas.scrollIntoView({ block: 'center' })
    })
  }
}
