import { usageError } from '@chaosproxy/history'
import type { PlannedRun } from '@chaosproxy/runner'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'
import type { Options } from '../option.ts'
import { common, flag, word } from './declare.ts'

export interface UiSettings {
  readonly listen: string | undefined
}

export const uiOptions: Options = {
  ui: common(flag('serve a live page of the run, where links can be cut and nodes killed by hand')),
  'ui-listen': word('(with --ui) host:port at which to serve the live page', '127.0.0.1 and any free port'),
}

/** The options for the live page of proxies that run without a cluster. */
export const proxyUiOptions: Options = {
  ...uiOptions,
  ui: common(flag('serve a live page of the proxies, where links can be cut and slowed by hand')),
}

/**
 * @param isRun whether the recording has its own directory
 * @throws UserError (usage) if a live page is requested for such a recording.
 */
export function parseProxyUi(options: ParsedOptions, isRun: boolean): UiSettings | undefined {
  const ui = uiIn(options)
  if (isRun && ui !== undefined)
    throw usageError(
      '--ui cannot show a recording that is written to a directory. Use chaos record --ui, or record to a plain file: --out history.jsonl.',
    )
  return ui
}

function uiIn(options: ParsedOptions): UiSettings | undefined {
  const listen = textOf(options, 'ui-listen')
  if (flagOf(options, 'ui')) return { listen }
  if (listen === undefined) return undefined
  throw usageError(`--ui-listen ${listen} needs the live page: add --ui.`)
}

/** @throws UserError (usage) for a run that a page cannot follow. */
export function parseUi(options: ParsedOptions, run: PlannedRun, times: number): UiSettings | undefined {
  const ui = uiIn(options)
  if (ui === undefined) return undefined
  if (run.target.tier === 'simulated')
    throw usageError(
      '--ui: a simulated run ends before a page can show it. Leave out --sim, or open the report.html of the run.',
    )
  if (times > 1) throw usageError('--ui shows a single run. Leave out --times; the page can repeat the run.')
  return ui
}
