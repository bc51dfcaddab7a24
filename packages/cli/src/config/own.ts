import {
  findConfig,
  type LoadedConfig,
  loadConfig,
  type NamedRegistries,
  type OwnNames,
  registriesOf,
} from '@chaosproxy/engine/run'
import { word } from '../arguments/declare.ts'
import { type ParsedOptions, textOf } from '../command.ts'
import type { Option } from '../option.ts'

export const configOption: { readonly config: Option<string | undefined> } = {
  config: word('the configuration file', 'chaos.config.ts, .mts, .js, .mjs or .json in this directory'),
}

/** The user's configuration, if there is one, and all names that can be used with it. */
export interface OwnConfig {
  readonly loaded: LoadedConfig | undefined
  readonly own: OwnNames
  readonly registries: NamedRegistries
}

/**
 * Reads the file named by `--config` or, without this option, the configuration in this directory.
 *
 * @throws UserError (usage, input)
 */
export async function readOwnConfig(options: ParsedOptions, where: string): Promise<OwnConfig> {
  const named = textOf(options, 'config')
  return withNames(await (named === undefined ? findConfig('.') : loadConfig(named)), where)
}

/**
 * Returns the configuration, with the built-in names and those that the configuration declares. Messages name the file
 * of the configuration or, if there is none, `where`, the command.
 */
export function withNames(loaded: LoadedConfig | undefined, where: string): OwnConfig {
  const own: OwnNames = { ...loaded?.config, where: loaded?.path ?? where, directory: loaded?.directory ?? '.' }
  return { loaded, own, registries: registriesOf(own) }
}
