import type { Find } from './find.ts'

/** Starts the button that cycles through the themes. `?theme=dark` in the address sets the first theme. */
export function startTheme(find: Find): void {
  const button = find('#theme', HTMLButtonElement)
  const { dataset } = document.documentElement
  const themes = ['auto', 'light', 'dark']
  let current = 0
  const show = (index: number): void => {
    current = Math.max(0, index) % themes.length
    const theme = themes[current] ?? 'auto'
    if (theme === 'auto') delete dataset['theme']
    else dataset['theme'] = theme
    button.textContent = `Theme: ${theme}`
    dispatchEvent(new Event('themechange'))
  }
  show(themes.indexOf(new URLSearchParams(location.search).get('theme') ?? 'auto'))
  button.addEventListener('click', () => show(current + 1))
}
