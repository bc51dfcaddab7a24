import { existsSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { setEnvironmentData } from 'node:worker_threads'
import { usageError } from '@chaosproxy/history'
import { vetFile } from '@chaosproxy/targets/user-file'
import { builtFile, EXTENDED_BY } from '../built-file.ts'
import { readJsonAt } from '../text-file.ts'
import type { Config } from './config.ts'
import { importConfig } from './import.ts'
import { parseConfig } from './schema.ts'

export interface LoadedConfig {
  readonly config: Config
  readonly path: string
  readonly directory: string
}

/** The file names of a configuration, in order of preference. */
export const CONFIG_NAMES: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map(
  (extension) => `chaos.config.${extension}`,
)

/**
 * Returns the path of the configuration in a directory, if there is one.
 *
 * @throws UserError (usage) if there are several.
 */
export function configPathIn(directory: string): string | undefined {
  const found = CONFIG_NAMES.filter((name) => existsSync(join(directory, name)))
  const [only, ...others] = found
  if (only === undefined) return undefined
  if (others.length > 0)
    throw usageError(`${found.join(' and ')} are both in this directory. Keep one, or name one with --config.`)
  return directory === '.' ? only : join(directory, only)
}

/**
 * Returns the configuration in a directory, if there is one.
 *
 * @throws like `configPathIn` and `loadConfig`.
 */
export async function findConfig(directory: string): Promise<LoadedConfig | undefined> {
  const path = configPathIn(directory)
  return path === undefined ? undefined : loadConfig(path)
}

/**
 * @throws UserError (usage) if the file does not exist; (input) if the file fails to run, exports nothing, or is
 * invalid.
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  return { config: await parseConfig(await exportedBy(path), path), path, directory: dirname(path) }
}

async function exportedBy(path: string): Promise<unknown> {
  if (extname(path) === '.json') return readJsonAt(path, 'usage')
  const read = readForExtensions
  readForExtensions = undefined
  return read?.path === path ? read.exported : vetted(path)
}

/** The configuration file that was read to register its extensions. It is kept, so that it need not be read again. */
let readForExtensions: { readonly path: string; readonly exported: unknown } | undefined

/**
 * Registers a configuration's `extend`.
 *
 * @throws UserError like `loadConfig`, and (input) for a name that is taken.
 */
export async function extendByConfig(path: string): Promise<void> {
  const [exported, { extendBy }] = await Promise.all([vetted(path), import('../extend/from-file.ts')])
  await extendBy(exported, path)
  // Threads that start later also load the extensions.
  setEnvironmentData(EXTENDED_BY, resolve(path))
  readForExtensions = { path, exported }
}

async function vetted(path: string): Promise<unknown> {
  await vetFile(path, builtFile('config-vetting'))
  return importConfig(path)
}
