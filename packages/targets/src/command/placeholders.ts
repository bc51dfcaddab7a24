import { fillPlaceholders, type Placeholders } from '@chaosproxy/history'
import type { ProgramCommand } from '../processes/command.ts'

export { fillPlaceholders, type Placeholders }

export function fillCommand(command: ProgramCommand, values: Placeholders): ProgramCommand {
  const fill = (text: string) => fillPlaceholders(text, values)
  const [program, ...rest] = command.words
  return {
    ...command,
    words: [fill(program), ...rest.map(fill)],
    environment: Object.fromEntries(
      Object.entries(command.environment ?? {}).map(([name, value]) => [name, value && fill(value)]),
    ),
    directory: command.directory && fill(command.directory),
  }
}
