import { commandLine, type ExitCode } from '@chaosproxy/engine/run'
import type { PlannedRun } from '@chaosproxy/runner'
import type { Closing } from '../config/servers.ts'
import { execute as executeRun } from '../run/execute.ts'
import type { RunSettings } from '../run/use.ts'

export async function execute({ close, ...settings }: RunSettings & Closing): Promise<ExitCode> {
  try {
    return await executeRun({ ...settings, again: againOf(settings.run) })
  } finally {
    await close()
  }
}

/** The command as typed, with the seed that was drawn. */
function againOf({ spec }: PlannedRun): string {
  const typed = process.argv.slice(2)
  const end = typed.indexOf('--')
  const seed = typed.slice(0, end).some((word) => /^--seed(=|$)/.test(word)) ? [] : ['--seed', String(spec.seed)]
  return commandLine(['npx', 'chaos', ...typed.slice(0, end), ...seed, ...typed.slice(end)])
}
