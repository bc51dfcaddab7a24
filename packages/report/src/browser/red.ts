import type { Operation } from './decode.ts'
import type { Explorer } from './explorer.ts'
import type { Find } from './find.ts'
import type { PageData } from './page-data.ts'

/**
 * Marks a contradiction in the timeline. At first this is the contradiction that the page draws; later it is the last
 * one that the reader opened. A click on an operation selects it both in the timeline and in the drawing.
 */
export function startRed(canvas: HTMLCanvasElement, explorer: Explorer, data: PageData, find: Find): void {
  const button = find('#to-contradiction', HTMLButtonElement)
  let part: readonly Operation[] = []
  const mark = (lines: readonly number[], accused: readonly number[]): void => {
    part = explorer.mark(lines, accused)
    button.hidden = part.length === 0
    canvas.dataset['inRed'] = String(part.length)
  }
  /** Shows the end of the contradiction, where the impossible answer is. The whole contradiction may be too wide. */
  const look = (): void => {
    const last = part.at(-1)
    if (last === undefined) return
    const most = 1e9
    const near = part.filter(({ call }) => last.call - call < most)
    const from = near[0]?.call ?? last.call
    const to = near.reduce((end, { call, shownEnd }) => Math.max(end, Math.min(shownEnd, call + most)), from)
    const room = Math.max((to - from) * 0.25, 4000 * data.unit)
    explorer.look(from - room, to + room)
    explorer.choose(last)
  }
  const numbers = (text: string | undefined): number[] => (text ? text.split(' ').map(Number) : [])
  mark(data.focus, data.accused)
  look()
  button.addEventListener('click', look)
  for (const details of document.querySelectorAll<HTMLDetailsElement>('.also details[data-lines]')) {
    details.addEventListener('toggle', () => {
      const open = [...document.querySelectorAll<HTMLDetailsElement>('.also details[data-lines][open]')]
      const shown = details.open ? details : open.at(-1)
      if (shown === undefined) mark(data.focus, data.accused)
      else mark(numbers(shown.dataset['lines']), numbers(shown.dataset['accused']))
    })
  }
  const steps = document.querySelectorAll<HTMLElement | SVGElement>('[data-line]')
  const light = (): void => {
    const line = String(explorer.chosen?.line)
    for (const step of steps) step.classList.toggle('chosen', step.dataset['line'] === line)
  }
  explorer.onChange(light)
  light()
  for (const step of steps)
    step.addEventListener('click', (event) => {
      // Leave a click on a link to the browser.
      if (event.target instanceof HTMLAnchorElement) return
      explorer.chooseLine(Number(step.dataset['line']))
    })
}
