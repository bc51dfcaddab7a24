import type { Find } from './find.ts'

/** The button that copies the command to repeat the run; absent on a page that knows no command. */
export function startCopyCommand(find: Find): void {
  const button = document.querySelector('#copy')
  if (button === null) return
  const command = find('#command', HTMLElement)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(command.textContent)
    } catch {
      // Pages opened from disk have no clipboard in some browsers.
      getSelection()?.selectAllChildren(command)
      document.execCommand('copy')
    }
    button.textContent = 'Copied'
  })
}
