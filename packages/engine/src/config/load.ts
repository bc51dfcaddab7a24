import { readFileSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { UserError } from '@chaosproxy/history'
import { whyUnreadable } from '@chaosproxy/history/files'
import { vetFile } from '@chaosproxy/targets/user-file'
import { builtFile } from '../built-file.ts'
import { extendThreads } from '../extend/thread.ts'
import type { Config } from './config.ts'
import { importConfig } from './import.ts'
import { configPathIn } from './path.ts'
import { parseConfig } from './schema.ts'

export interface LoadedConfig {
  readonly config: Config
  readonly path: string
  /** The directory to which its paths are relative. */
  readonly directory: string
}

/** The configuration in a directory, if there is one. @throws like `configPathIn` and `loadConfig`. */
export async function findConfig(directory: string): Promise<LoadedConfig | undefined> {
  const path = configPathIn(directory)
  return path === undefined ? undefined : loadConfig(path)
}

/**
 * @throws UserError (usage) for a file that does not exist; (input) for one that fails to run, exports nothing, or is
 * invalid.
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  return { config: await parseConfig(await exportedBy(path), path), path, directory: dirname(path) }
}

async function exportedBy(path: string): Promise<unknown> {
  if (extname(path) === '.json') return readJson(path)
  const read = readForExtensions
  readForExtensions = undefined
  return read?.path === path ? read.exported : vetted(path)
}

/** What a configuration exports that a command has read for its extensions, so that it is not read twice. */
let readForExtensions: { readonly path: string; readonly exported: unknown } | undefined

/**
 * Adds what a configuration has as `extend` to what chaos has.
 *
 * @throws UserError like `loadConfig`, and (input) for a name that is taken.
 */
export async function extendByConfig(path: string): Promise<void> {
  const [exported, { extendBy }] = await Promise.all([vetted(path), import('../extend/from-file.ts')])
  await extendBy(exported, path)
  extendThreads(path)
  readForExtensions = { path, exported }
}

async function vetted(path: string): Promise<unknown> {
  await vetFile(path, builtFile('config-vetting'))
  return importConfig(path)
}

function readJson(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError('usage', `${path}: ${whyUnreadable(error)}`)
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError('input', `${path}: not JSON: ${(error as Error).message}`)
  }
}
