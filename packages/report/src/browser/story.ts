import type { Find } from './find.ts'

/** Links the steps of a story with the drawing: each highlights the other. */
export function startStory(figure: Element, find: Find): void {
  const drawing = find('svg', SVGSVGElement, figure)
  const scroller = find('.scroll', HTMLElement, figure)
  const steps = [...figure.querySelectorAll<HTMLElement | SVGElement>('[data-step]')]
  const items = steps.filter((step) => step instanceof HTMLLIElement)
  const numberOf = (step: HTMLElement | SVGElement): string | undefined => step.dataset['step']

  const light = (number: string | undefined): void => {
    drawing.classList.toggle('focused', number !== undefined)
    for (const step of steps) step.classList.toggle('on', numberOf(step) === number)
  }
  const lightWithDrawing = (step: HTMLElement | SVGElement): void => {
    light(numberOf(step))
    const other = steps.find((one) => one !== step && numberOf(one) === numberOf(step))
    if (other instanceof SVGElement) other.scrollIntoView({ block: 'nearest', inline: 'center' })
  }
  const walk = (from: HTMLElement | SVGElement, event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key]
    if (by === undefined) return
    const next = items[items.findIndex((step) => numberOf(step) === numberOf(from)) + by]
    if (next === undefined) return
    event.preventDefault()
    next.focus()
  }

  for (const step of steps) {
    step.addEventListener('pointerenter', () => light(numberOf(step)))
    step.addEventListener('pointerleave', () => light(undefined))
    step.addEventListener('focus', () => lightWithDrawing(step))
    step.addEventListener('blur', () => light(undefined))
    step.addEventListener('keydown', (event) => {
      if (event instanceof KeyboardEvent) walk(step, event)
    })
  }
  // Keeps the lanes' names visible while the drawing is scrolled.
  const names = document.createElementNS('http://www.w3.org/2000/svg', 'g')
  names.append(...drawing.querySelectorAll('.lane-name'))
  drawing.append(names)
  scroller.addEventListener('scroll', () => {
    const scale = drawing.viewBox.baseVal.width / drawing.getBoundingClientRect().width
    names.setAttribute('transform', `translate(${scroller.scrollLeft * scale} 0)`)
  })
  // On a narrow screen, scrolls the drawing until the impossible answer is visible. A wide screen does not need this,
  // and measuring the drawing would delay the first paint.
  const accused = drawing.querySelector('.bar.bad')
  if (accused === null || !matchMedia('(max-width: 760px)').matches) return
  const marginPx = 40
  const hiddenPx = accused.getBoundingClientRect().right + marginPx - scroller.getBoundingClientRect().right
  scroller.scrollLeft = Math.max(0, hiddenPx)
}
