import { UserError } from '@chaosproxy/history'
import type { PlannedRun } from '@chaosproxy/runner'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'
import { flag, word } from './declare.ts'
import type { Options } from './option.ts'

/** How the live page of a run is served. */
export interface UiSettings {
  readonly listen: string | undefined
}

export const uiOptions: Options = {
  ui: flag('serve a live page of the run, where links can be cut and nodes killed by hand'),
  'ui-listen': word('with --ui: host:port of the live page', '127.0.0.1 and any free port'),
}

/** @throws UserError (usage) for a run that a page cannot follow. */
export function parseUi(options: ParsedOptions, run: PlannedRun, times: number): UiSettings | undefined {
  const listen = textOf(options, 'ui-listen')
  if (!flagOf(options, 'ui')) {
    if (listen === undefined) return undefined
    throw new UserError('usage', `--ui-listen ${listen} says where the live page listens: give --ui with it.`)
  }
  if (run.target.tier === 'simulated')
    throw new UserError(
      'usage',
      '--ui: a simulated run is over before a page could show it: leave --sim out, or open its report.html.',
    )
  if (times > 1) throw new UserError('usage', '--ui shows one run: leave --times out. The page can start it again.')
  return { listen }
}
