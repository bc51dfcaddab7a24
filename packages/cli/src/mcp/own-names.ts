import { findConfig, loadConfig } from '@chaosproxy/engine/run'
import { usageError } from '@chaosproxy/history'
import { type OwnConfig, withNames } from '../config/own.ts'
import { type Brought, describeBrought } from '../trust/brought.ts'
import { confined } from './confined.ts'
import type { McpSettings } from './settings.ts'

/**
 * Returns all names that clients can use. Reads the configuration that the user named. If none is named, reads the one
 * in this directory, but only if the user has allowed code.
 */
export async function readNames({ config, allowCode }: McpSettings): Promise<OwnConfig> {
  const loaded = config !== undefined ? await loadConfig(config) : allowCode ? await findConfig('.') : undefined
  return withNames(loaded, 'run')
}

/** @throws UserError (usage) if a name means code that clients may not run. */
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
        `${tool} does not start the command ${text}. Ask the user to declare the command as a target in a chaos.config.ts, and to start chaos mcp with this file as --config.`,
      )
    confined(tool, text)
  }
}
