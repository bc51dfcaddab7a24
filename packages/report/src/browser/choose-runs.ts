import type { Find } from './find.ts'

/** Lets the reader choose two runs to compare. Returns a function for rows that are added later. */
export function chooseRuns(main: HTMLElement, find: Find): () => void {
  /** The directories of the chosen runs, in order. */
  let chosen: string[] = []

  const show = (): void => {
    const boxes = [...document.querySelectorAll<HTMLInputElement>('.pick input')]
    const at = new Map(boxes.map((box) => [box.value, `${box.dataset['at']} ${box.value}`]))
    chosen = chosen.filter((name) => at.has(name))
    for (const box of boxes) box.checked = chosen.includes(box.value)
    const bar = document.querySelector<HTMLElement>('#chosen')
    if (bar === null) return
    bar.hidden = chosen.length === 0
    const [before = '', after] = [...chosen].sort((a, b) => String(at.get(a)).localeCompare(String(at.get(b))))
    find('#chosen-text', HTMLElement).textContent =
      after === undefined ? `${before}: choose another` : `${before} and ${after}`
    const link = document.querySelector<HTMLAnchorElement>('#compare')
    if (link !== null) {
      link.hidden = after === undefined
      link.href = `./compare?${new URLSearchParams({ before, after: after ?? '' })}`
    }
    const command = document.querySelector('#command')
    if (command === null) return
    command.textContent = after === undefined ? '' : `npx chaos diff ${wordFor(before)} ${wordFor(after)}`
    find('#copy', HTMLButtonElement).hidden = after === undefined
  }

  const wordFor = (name: string): string => {
    const path = `${main.dataset['directory']}/${name}`
    return /^[\w./:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
  }

  main.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== 'checkbox') return
    chosen = chosen.filter((name) => name !== target.value)
    if (target.checked) chosen = [...chosen.slice(-1), target.value]
    show()
  })
  document.querySelector('#forget')?.addEventListener('click', () => {
    chosen = []
    show()
  })
  show()
  return show
}
