import type { Find } from './find.ts'
import type { markSteps as MarkSteps } from './mark-steps.ts'

/** Steps through a story by keys and buttons. The step is in the address, for links and the browser's back button. */
export function walkSteps(find: Find, markSteps: typeof MarkSteps): void {
  const [place, words] = [find('#step-place', HTMLElement), find('#step-words', HTMLElement)]
  const [back, next, all] = ['#step-back', '#step-next', '#step-all'].map((id) => find(id, HTMLButtonElement))
  const rows = [...document.querySelectorAll<HTMLLIElement>('.told-page li')]
  const unwalked = place.textContent
  const noStep = -1
  let current = noStep

  const storyOf = (row: HTMLLIElement | undefined): readonly HTMLLIElement[] =>
    rows.filter((each) => each.parentElement === row?.parentElement)

  const announce = (): void => {
    const row = rows[current]
    const story = storyOf(row)
    place.textContent = row === undefined ? unwalked : `Step ${story.indexOf(row) + 1} of ${story.length}`
    const spoken = [...(row?.querySelectorAll<HTMLElement>('.says p, .ledger, .broken') ?? [])]
    // The element `#step-place` already shows the number of the step, so these texts omit it.
    const texts = spoken.map(({ textContent }) => textContent.replace(/^\d+ /, '').trim())
    words.textContent = row === undefined ? '' : `: ${texts.join(' ').trim()}`
    back?.setAttribute('aria-disabled', String(current <= 0))
    next?.setAttribute('aria-disabled', String(current === rows.length - 1))
    if (all !== undefined) all.hidden = row === undefined
  }
  const show = (step: number): void => {
    current = step
    markSteps(rows, current)
    announce()
    rows[current]?.scrollIntoView({ block: 'nearest' })
  }
  const go = (step: number): void => {
    const row = rows[step]
    if (step === current || (row === undefined && step !== noStep)) return
    try {
      history.pushState(null, '', row === undefined ? location.pathname + location.search : `#${row.id}`)
    } catch {
      // Browsers throw if a page changes its address too often, or changes it inside some frames.
    }
    show(step)
  }
  const edge = (which: 0 | -1): number => rows.findIndex(({ id }) => id === storyOf(rows[current]).at(which)?.id)
  const follow = (): void => {
    show(rows.findIndex(({ id }) => `#${id}` === location.hash))
  }

  const forward = (): void => go(current + 1)
  const backward = (): void => go(Math.max(current - 1, 0))
  const always: { readonly [key: string]: () => void } = {
    ArrowRight: forward,
    ArrowLeft: backward,
    j: forward,
    k: backward,
  }
  // Most of these keys normally scroll the page, so they act only while a step is selected.
  const whileWalking: { readonly [key: string]: () => void } = {
    ArrowDown: forward,
    ArrowUp: backward,
    Home: () => go(edge(0)),
    End: () => go(edge(-1)),
    Escape: () => go(noStep),
  }

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const act = always[event.key] ?? (current === noStep ? undefined : whileWalking[event.key])
    if (act === undefined) return
    event.preventDefault()
    act()
  })
  next?.addEventListener('click', forward)
  back?.addEventListener('click', backward)
  all?.addEventListener('click', () => {
    go(noStep)
    next?.focus()
  })
  addEventListener('hashchange', follow)
  find('#stepper', HTMLElement).hidden = false
  follow()
}
