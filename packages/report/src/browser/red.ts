import type { Operation } from './decode.ts'
import type { Explorer } from './explorer.ts'
import type { Find } from './find.ts'
import type { PageData } from './page-data.ts'

/** Red is for one contradiction: the one that is drawn first, or that was opened last. A button goes there. */
export function startRed(canvas: HTMLCanvasElement, explorer: Explorer, data: PageData, find: Find): void {
  const button = find('#to-contradiction', HTMLButtonElement)
  let red: readonly Operation[] = []
  const mark = (lines: readonly number[]): void => {
    red = explorer.mark(lines)
    button.hidden = red.length === 0
    canvas.dataset['inRed'] = String(red.length)
  }
  /** Its end, which is what cannot be; all of it may be longer than a screen shows. */
  const look = (): void => {
    const last = red.at(-1)
    if (last === undefined) return
    const most = 0.2e9
    const near = red.filter(({ call }) => last.call - call < most)
    const from = near[0]?.call ?? last.call
    const to = near.reduce((end, { call, shownEnd }) => Math.max(end, Math.min(shownEnd, call + most)), from)
    const room = Math.max((to - from) * 0.8, 4000 * data.unit)
    explorer.look(from - room, to + room)
    explorer.choose(last)
  }
  mark(data.focus)
  look()
  button.addEventListener('click', look)
  for (const details of document.querySelectorAll<HTMLDetailsElement>('.also details')) {
    details.addEventListener('toggle', () => {
      const open = [...document.querySelectorAll<HTMLDetailsElement>('.also details[open]')]
      const shown = details.open ? details : open.at(-1)
      mark(shown === undefined ? data.focus : (shown.dataset['lines'] ?? '').split(' ').map(Number))
    })
  }
}
