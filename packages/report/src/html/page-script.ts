/**
 * The page's own behaviour, beside the timeline: theme, copying the command, and the drawing and its story lighting each
 * other up. The page is whole without it.
 */
export const pageScript: string = `
(() => {
  const find = (id) => document.getElementById(id)
  const root = document.documentElement

  const theme = find('theme')
  const themes = ['auto', 'light', 'dark']
  let current = 0
  const wanted = new URLSearchParams(location.search).get('theme')
  const show = (index) => {
    current = index
    if (index === 0) delete root.dataset.theme
    else root.dataset.theme = themes[index]
    theme.textContent = 'Theme: ' + themes[index]
    dispatchEvent(new Event('themechange'))
  }
  show(Math.max(0, themes.indexOf(wanted)))
  theme.addEventListener('click', () => show((current + 1) % 3))

  const copy = find('copy')
  copy?.addEventListener('click', async () => {
    const command = find('command')
    try {
      await navigator.clipboard.writeText(command.textContent)
    } catch {
      // Pages opened from disk have no clipboard in some browsers.
      getSelection().selectAllChildren(command)
      document.execCommand('copy')
    }
    copy.textContent = 'Copied'
  })

  for (const figure of document.querySelectorAll('.contradiction')) {
    const drawing = figure.querySelector('svg')
    const steps = [...figure.querySelectorAll('[data-step]')]
    const light = (step) => {
      drawing.classList.toggle('focused', step !== undefined)
      for (const element of steps) element.classList.toggle('on', element.dataset.step === step)
    }
    for (const element of steps) {
      element.addEventListener('pointerenter', () => light(element.dataset.step))
      element.addEventListener('pointerleave', () => light(undefined))
      element.addEventListener('focus', () => {
        light(element.dataset.step)
        const other = steps.find((one) => one !== element && one.dataset.step === element.dataset.step)
        if (other?.closest('svg')) other.scrollIntoView({ block: 'nearest', inline: 'center' })
      })
      element.addEventListener('blur', () => light(undefined))
      element.addEventListener('keydown', (event) => {
        const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key]
        if (by === undefined) return
        const story = steps.filter((one) => one.tagName === 'LI')
        const next = story[story.findIndex((one) => one.dataset.step === element.dataset.step) + by]
        if (next === undefined) return
        event.preventDefault()
        next.focus()
      })
    }
    // A narrow screen opens on the contradiction, which is at the end of the drawing.
    const scroller = drawing.parentElement
    scroller.scrollLeft = scroller.scrollWidth
  }
})()
`
