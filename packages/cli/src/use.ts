import type { ExitCode } from '@chaosproxy/engine/run'
import type { Command, ParsedOptions } from './command.ts'

/**
 * A use of chaos, declared once: help, completion and refusals derive from its options, and `read` returns
 * the settings that a command line stands for.
 */
export interface Use<Settings> extends Omit<Command, 'run'> {
  /** @throws UserError (usage, input) for what is wrong, with what to give instead. */
  read(options: ParsedOptions): Settings | Promise<Settings>
}

/** The command for a use. The code that executes it is loaded only when it runs: help needs none of it. */
export const commandFor = <Settings>(
  use: Use<Settings>,
  load: () => Promise<(settings: Settings) => Promise<ExitCode>>,
): Command => ({
  ...use,
  async run(options) {
    const settings = await use.read(options)
    const execute = await load()
    return execute(settings)
  },
})
