import type { chooseRuns } from './choose-runs.ts'
import type { startCopyCommand } from './copy-command.ts'
import type { filterRuns } from './filter-runs.ts'
import type { find } from './find.ts'
import type { keepUp } from './keep-up.ts'
import type { startTheme } from './theme.ts'

interface RunsParts {
  readonly find: typeof find
  readonly startTheme: typeof startTheme
  readonly startCopyCommand: typeof startCopyCommand
  readonly filterRuns: typeof filterRuns
  readonly chooseRuns: typeof chooseRuns
  readonly keepUp: typeof keepUp
}

/** Starts the script of the page that lists runs. The script also adds new runs to the page. */
export function startRuns({ find, startTheme, startCopyCommand, filterRuns, chooseRuns, keepUp }: RunsParts): void {
  startTheme(find)
  startCopyCommand(find)
  const main = find('#runs', HTMLElement)
  const filter = filterRuns()
  const choice = chooseRuns(main, find)
  if (main.dataset['state'] === undefined) return
  keepUp(main, find('#connection', HTMLElement), {
    parts: ['.head', '#live', '#trends', '.runs tbody'],
    betweenMs: 2000,
    ended: 'chaos ui has ended: this list is no longer up to date.',
    renewed() {
      filter()
      choice()
    },
  })
}
