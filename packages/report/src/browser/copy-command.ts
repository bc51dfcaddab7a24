import type { Find } from './find.ts'

export function startCopyCommand(find: Find): void {
  const button = document.querySelector('#copy')
  if (button === null) return
  const command = find('#command', HTMLElement)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(command.textContent)
    } catch {
      // In some browsers, pages opened from disk have no clipboard, so the command is selected.
      getSelection()?.selectAllChildren(command)
      document.execCommand('copy')
    }
    button.textContent = 'Copied'
  })
}
