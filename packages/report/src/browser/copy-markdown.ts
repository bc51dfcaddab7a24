import type { Find } from './find.ts'

/** The button that copies the verdict, the drawing and the command as Markdown, which the page carries. */
export function startCopyMarkdown(find: Find): void {
  const button = document.querySelector('#copy-markdown')
  if (button === null) return
  const markdown: string = JSON.parse(find('#markdown', HTMLScriptElement).text)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(markdown)
    } catch {
      // Pages opened from disk have no clipboard in some browsers, and reports within the live page have none.
      const place = document.createElement('textarea')
      place.value = markdown
      document.body.append(place)
      place.select()
      document.execCommand('copy')
      place.remove()
    }
    button.textContent = 'Copied'
  })
}
