import { relative, resolve } from 'node:path'
import type { ConfiguredUpstream, LoadedConfig } from '@chaosproxy/engine'
import { UserError } from '@chaosproxy/history'
import type { ParsedOptions } from '../command.ts'

/** What is said on the command line replaces all of the configuration's upstreams. */
const SAID = ['upstream', 'serve', 'as', 'name', 'listen', 'hurt']
const NO_FILES = ['resp', 'tcp']

/** The options of `chaos record`, completed by the configuration's upstreams. @throws UserError (input) */
export function recordedUpstreams(options: ParsedOptions, loaded: LoadedConfig | undefined): ParsedOptions {
  const servers = serversOf(options, loaded)
  if (servers.length === 0) return options
  const spared = servers.some(({ hurt }) => hurt === false)
  return {
    ...options,
    ...placesOf(servers),
    serve: servers.flatMap(({ serve }) => serve ?? []),
    as: servers.map((server) => tableOf(server, loaded?.directory ?? '.')),
    ...(spared ? { hurt: servers.flatMap(({ name, hurt }) => (hurt === false ? [] : [name])).join(',') } : {}),
  }
}

/** The options of `chaos proxy`, likewise. @throws UserError (usage) for a server that would have to be started. */
export function proxiedUpstreams(options: ParsedOptions, loaded: LoadedConfig | undefined): ParsedOptions {
  const servers = serversOf(options, loaded)
  const started = servers.find(({ serve }) => serve !== undefined)
  if (started !== undefined)
    throw new UserError(
      'usage',
      `${loaded?.path}: upstreams.${started.name} is a command, and chaos proxy starts no servers: chaos record does. Or name an --upstream.`,
    )
  return servers.length === 0 ? options : { ...options, ...placesOf(servers) }
}

type Server = ConfiguredUpstream & { readonly name: string }

/** Running servers first, as on the command line. */
function serversOf(options: ParsedOptions, loaded: LoadedConfig | undefined): readonly Server[] {
  if (loaded === undefined || SAID.some((name) => options[name] !== undefined)) return []
  const all = Object.entries(loaded.config.upstreams ?? {}).map(([name, each]) => ({ ...each, name }))
  for (const { name, upstream, serve } of all)
    if ((upstream === undefined) === (serve === undefined))
      throw new UserError(
        'input',
        `${loaded.path}: upstreams.${name} needs "upstream", where it runs, or "serve", the command that starts it: one of them.`,
      )
  return [...all.filter(({ serve }) => serve === undefined), ...all.filter(({ serve }) => serve !== undefined)]
}

const placesOf = (servers: readonly Server[]) => ({
  name: servers.map(({ name }) => name),
  upstream: servers.flatMap(({ upstream }) => upstream ?? []),
  listen: servers.map(({ listen }) => listen ?? '127.0.0.1:0'),
})

const tableOf = ({ as = 'tcp' }: Server, directory: string): string =>
  NO_FILES.includes(as) || as.trimStart().startsWith('{') ? as : relative('.', resolve(directory, as))
