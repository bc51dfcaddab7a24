import {
  findConfig,
  type LoadedConfig,
  loadConfig,
  type NamedRegistries,
  type OwnNames,
  registriesOf,
} from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { type Brought, describeBrought } from '../trust/brought.ts'
import { confined } from './confined.ts'
import type { McpSettings } from './settings.ts'

interface Names {
  readonly loaded: LoadedConfig | undefined
  readonly own: OwnNames
  readonly registries: NamedRegistries
}

/** All names that clients can use. The configuration is read only if the user has allowed code. */
export async function readNames({ config, allowCode }: McpSettings): Promise<Names> {
  const loaded = config !== undefined ? await loadConfig(config) : allowCode ? await findConfig('.') : undefined
  const own: OwnNames = { ...loaded?.config, where: loaded?.path ?? 'run', directory: loaded?.directory ?? '.' }
  return { loaded, own, registries: registriesOf(own) }
}

/** @throws UserError (usage) for code that clients may not run. */
export function requireAllowed(tool: string, brought: readonly Brought[], { allowCode }: McpSettings): void {
  const [first] = brought
  if (first === undefined) return
  if (!allowCode)
    throw usageError(
      `${tool}: ${describeBrought(first)} is code, and this server runs no code that a client names. Choose a name that the tool "list" returns, or ask the user to start chaos mcp with --allow-code, or with a --config that names this code.`,
    )
  for (const { kind, text } of brought) {
    if (kind === 'program' || kind === 'probe' || kind === 'command')
      throw usageError(
        `${tool} starts no commands, and ${text} is one. Ask the user to declare the command as a target in a chaos.config.ts, and to start chaos mcp with this file as --config.`,
      )
    confined(tool, text)
  }
}
