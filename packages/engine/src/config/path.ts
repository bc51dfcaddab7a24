import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '@chaosproxy/history'

/** In order of preference. */
export const CONFIG_NAMES: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map(
  (extension) => `chaos.config.${extension}`,
)

/** The path of the configuration in a directory, if there is one. @throws UserError (usage) if there are several. */
export function configPathIn(directory: string): string | undefined {
  const found = CONFIG_NAMES.filter((name) => existsSync(join(directory, name)))
  const [only, ...others] = found
  if (only === undefined) return undefined
  if (others.length > 0)
    throw new UserError('usage', `${found.join(' and ')} are both here: keep one, or name one with --config.`)
  return directory === '.' ? only : join(directory, only)
}

/**
 * The configuration that may extend what chaos has, by its text: every command looks for one, and most configurations need
 * not be loaded for that. Only code can extend.
 */
export function extendingConfig(named: string | undefined): string | undefined {
  const path = named ?? CONFIG_NAMES.find((name) => existsSync(name))
  if (path === undefined || path.endsWith('.json') || !existsSync(path)) return undefined
  return /\bextend\b/.test(readFileSync(path, 'utf8')) ? path : undefined
}
