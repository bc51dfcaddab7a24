import type { ExitCode } from '@chaosproxy/engine/run'
import type { Command, ParsedOptions } from './command.ts'

/**
 * A command without the code that executes it. Help, completion and error messages derive from its options. `read`
 * parses a command line.
 */
export interface Use<Settings> extends Omit<Command, 'run'> {
  /** @throws UserError (usage, input) if the command line is invalid. The message says what to give instead. */
  read(options: ParsedOptions): Settings | Promise<Settings>
}

interface Execution<Settings> {
  execute(settings: Settings): Promise<ExitCode>
}

/** Returns a command that loads its code only when it runs, because help does not need this code. */
export async function commandFor<Settings>(
  declared: Promise<{ readonly use: Use<Settings> }>,
  load: () => Promise<Execution<Settings>>,
): Promise<Command> {
  const { use } = await declared
  return {
    ...use,
    async run(options) {
      const settings = await use.read(options)
      const { execute } = await load()
      return execute(settings)
    },
  }
}
