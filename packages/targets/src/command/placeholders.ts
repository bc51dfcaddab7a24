import { fillPlaceholders, type Placeholders } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
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

/** Formats an address: `127.0.0.1:7001`, or `[::1]:7001`. */
export const addressText = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
