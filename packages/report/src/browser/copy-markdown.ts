import type { Find } from './find.ts'

/** Starts the button that copies the embedded Markdown of the verdict. */
export function startCopyMarkdown(find: Find): void {
  const button = document.querySelector('#copy-markdown')
  if (button === null) return
  const markdown: string = JSON.parse(find('#markdown', HTMLScriptElement).text)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(markdown)
    } catch {
      // A page may have no clipboard: in some browsers if the page was opened from disk, and in all browsers if it is a
      // report inside the live page. Then the text is copied from a temporary element.
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
