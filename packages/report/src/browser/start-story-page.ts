import type { find } from './find.ts'
import type { markSteps } from './mark-steps.ts'
import type { startTheme } from './theme.ts'
import type { walkSteps } from './walk-steps.ts'

interface StoryPageParts {
  readonly find: typeof find
  readonly startTheme: typeof startTheme
  readonly markSteps: typeof markSteps
  readonly walkSteps: typeof walkSteps
}

export function startStoryPage({ find, startTheme, markSteps, walkSteps }: StoryPageParts): void {
  startTheme(find)
  walkSteps(find, markSteps)
}
