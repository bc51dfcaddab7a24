import type { startCopyCommand } from './copy-command.ts'
import type { startCopyMarkdown } from './copy-markdown.ts'
import type { find } from './find.ts'
import type { startSavePicture } from './save-picture.ts'
import type { startStory } from './story.ts'
import type { startTheme } from './theme.ts'

interface PageParts {
  readonly find: typeof find
  readonly startTheme: typeof startTheme
  readonly startCopyCommand: typeof startCopyCommand
  readonly startCopyMarkdown: typeof startCopyMarkdown
  readonly startSavePicture: typeof startSavePicture
  readonly startStory: typeof startStory
}

/** Starts the page's scripts except the timeline. */
export function startPage({
  find,
  startTheme,
  startCopyCommand,
  startCopyMarkdown,
  startSavePicture,
  startStory,
}: PageParts): void {
  startTheme(find)
  startCopyCommand(find)
  startCopyMarkdown(find)
  startSavePicture(find)
  for (const figure of document.querySelectorAll('.contradiction')) startStory(figure, find)
}
