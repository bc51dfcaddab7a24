import type { Find } from './find.ts'

/**
 * Starts the button that copies the verdict, the drawing and the command as Markdown. The page embeds this Markdown.
 */
export function startCopyMarkdown(find: Find): void {
  const button = document.querySelector('#copy-markdown')
  if (button === null) return
  const markdown: string = JSON.parse(find('#markdown', HTMLScriptElement).text)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(markdown)
    } catch {
      // Some browsers give pages opened from disk no clipboard. No browser gives a clipboard to reports inside the live
      // page.
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
