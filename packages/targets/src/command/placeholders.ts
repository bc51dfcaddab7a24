import { fillPlaceholders, type Placeholders } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { ProgramCommand } from '../processes/command.ts'
import type { NodeReadiness, Readiness } from './readiness.ts'

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

/** Returns a node's readiness check, with addresses in place of ports and with values in place of placeholders. */
export function readinessAt<Port extends string>(
  plan: NodeReadiness<Port>,
  addressOf: (port: Port | undefined) => Address,
  values: Placeholders,
): Readiness {
  switch (plan.by) {
    case 'tcp':
      return { by: 'tcp', address: addressOf(plan.port) }
    case 'http':
      return { ...plan, address: addressOf(plan.port), path: fillPlaceholders(plan.path, values) }
    case 'log':
      return plan
    case 'command':
      return { by: 'command', command: fillCommand(plan.command, values) }
  }
}
