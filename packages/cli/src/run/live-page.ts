import { type FollowedRun, type Following, openConsole } from '@chaosproxy/console'
import { EXIT, type ExitCode, type FinishedRun, whenAborted } from '@chaosproxy/engine/run'
import { printNotice } from '../terminal/output.ts'
import { hasTerminal, listenForInterrupts } from './interrupts.ts'
import type { RunSettings } from './use.ts'

export interface LivePage {
  follow(run: FollowedRun): Following
  /** Called when the newest run's results are written. */
  finished(finished: FinishedRun): void
}

/**
 * Performs a run with its live page, and repeats the run whenever the page requests it. The first interrupt between
 * runs closes the page.
 */
export async function withLivePage(
  settings: RunSettings,
  perform: (page: LivePage) => Promise<ExitCode>,
): Promise<ExitCode> {
  const page = await openConsole({ listen: settings.ui?.listen, unrepeatable: unrepeatable(settings) })
  let following: Following | undefined
  const live: LivePage = {
    follow(run) {
      following = page.follow(run)
      return following
    },
    finished: (finished) => following?.finished(finished),
  }
  try {
    printNotice(`\n  Live page: ${page.url}\n`)
    for (;;) {
      const exitCode = await perform(live)
      const isUnattended = exitCode === EXIT.interrupted && !hasTerminal()
      if (isUnattended || !(await waitForRepeat(page.again()))) return exitCode
    }
  } finally {
    following?.ended()
    await page.close()
  }
}

async function waitForRepeat(again: Promise<void>): Promise<boolean> {
  const interrupts = listenForInterrupts('The live page is closed.')
  printNotice('\n  The live page stays until Ctrl-C.\n')
  try {
    return await Promise.race([
      again.then(() => true),
      new Promise<boolean>((resolve) => whenAborted(interrupts.signal, () => resolve(false))),
    ])
  } finally {
    interrupts.release()
  }
}

/** Returns why the run cannot be repeated, if the next run would overwrite one of its files. */
function unrepeatable({ events, reporters }: RunSettings): string | undefined {
  if (events !== undefined) return 'The next run would overwrite the file of --events.'
  const written = reporters.find(({ file }) => file !== undefined)
  return written && `The next run would overwrite the file of ${written.typed}.`
}
