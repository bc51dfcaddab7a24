import { existsSync, statSync } from 'node:fs'
import { openRunsConsole } from '@chaosproxy/console'
import { EXIT, type ExitCode, USUAL_OUT, whenAborted } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { inGroup, word } from '../arguments/declare.ts'
import { type Command, type ParsedOptions, textOf } from '../command.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { printNotice } from '../terminal/output.ts'

export const command: Command = {
  name: 'ui',
  positional: '[directory]',
  summary: 'browse the runs of a directory: verdicts over time, reports, two runs side by side, the run in progress',
  options: inGroup('Output', [], {
    listen: word('host:port at which to serve the page', '127.0.0.1 and any free port'),
  }),
  examples: [
    ['chaos ui', `the runs in ${USUAL_OUT}`],
    ['chaos ui nightly --listen 127.0.0.1:8475', 'those of another directory, at a fixed port'],
  ],
  run: browseRuns,
}

async function browseRuns(options: ParsedOptions): Promise<ExitCode> {
  const typed = textOf(options, 'directory')
  const directory = typed ?? USUAL_OUT
  // The default directory may not exist yet: the first run creates it.
  if (typed !== undefined && !existsSync(typed))
    throw usageError(
      `${typed}: there is no such directory. Give the directory in which your runs are stored (--out), by default ${USUAL_OUT}.`,
    )
  if (existsSync(directory) && !statSync(directory).isDirectory())
    throw usageError(`${directory}: this is a file. Give a directory of runs. To check a history, use chaos check.`)
  const page = await openRunsConsole({ directory, listen: textOf(options, 'listen') })
  const interrupts = listenForInterrupts('The page is closed.')
  try {
    printNotice(`\n  Runs in ${directory}: ${page.url}\n\n  The page stays until Ctrl-C.\n`)
    await new Promise<void>((resolve) => whenAborted(interrupts.signal, resolve))
    return EXIT.met
  } finally {
    interrupts.release()
    await page.close()
  }
}
