import { relative, resolve } from 'node:path'
import type { ConfiguredUpstream } from '@chaosproxy/engine'
import type { LoadedConfig } from '@chaosproxy/engine/run'
import { inputError, usageError } from '@chaosproxy/history'
import { leadPublished, releasePorts, reservePorts, servedContainers } from '@chaosproxy/targets'
import { wordOrNone, words } from '../arguments/declare.ts'
import { namesOf } from '../arguments/names.ts'
import { type ParsedOptions, textOf, textsOf } from '../command.ts'
import type { Option } from '../option.ts'
import { printNotice } from '../terminal/output.ts'

// Servers of `chaos record` and `chaos proxy` from the configuration or a Compose project.

/** Each of these options replaces all upstreams of the configuration. */
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

/**
 * The options of `chaos proxy`, completed by the configuration's upstreams.
 *
 * @throws UserError (usage) for a server that would have to be started.
 */
export function proxiedUpstreams(options: ParsedOptions, loaded: LoadedConfig | undefined): ParsedOptions {
  const servers = serversOf(options, loaded)
  const started = servers.find(({ serve }) => serve !== undefined)
  if (started !== undefined)
    throw usageError(
      `${loaded?.path}: upstreams.${started.name} has a command, and chaos proxy starts no servers. Give --upstream, or use chaos record.`,
    )
  return servers.length === 0 ? options : { ...options, ...placesOf(servers) }
}

type Server = ConfiguredUpstream & { readonly name: string }

/** Returns the configured servers. Running servers come first, as they do on the command line. */
function serversOf(options: ParsedOptions, loaded: LoadedConfig | undefined): readonly Server[] {
  if (loaded === undefined || SAID.some((name) => options[name] !== undefined)) return []
  const all = Object.entries(loaded.config.upstreams ?? {}).map(([name, each]) => ({ ...each, name }))
  for (const { name, upstream, serve } of all)
    if ((upstream === undefined) === (serve === undefined))
      throw inputError(
        `${loaded.path}: upstreams.${name} needs exactly one of "upstream" (the address of the server) and "serve" (the command that starts it).`,
      )
  return [...all.filter(({ serve }) => serve === undefined), ...all.filter(({ serve }) => serve !== undefined)]
}

const placesOf = (servers: readonly Server[]) => ({
  name: namesOf(servers),
  upstream: servers.flatMap(({ upstream }) => upstream ?? []),
  listen: servers.map(({ listen }) => listen ?? '127.0.0.1:0'),
})

const tableOf = ({ as = 'tcp' }: Server, directory: string): string =>
  NO_FILES.includes(as) || as.trimStart().startsWith('{') ? as : relative('.', resolve(directory, as))

export const composeOptions: { readonly [name in 'compose' | 'service']: Option } = {
  compose: wordOrNone(
    'put the proxy in front of a running Compose project, given by file or name; replaces --upstream; connections to the published ports of the project then pass the proxy; needs Linux and root',
  ),
  service: words(
    '(with --compose) a Compose service that clients talk to; may be repeated',
    'the services that look most like nodes',
  ),
}

interface Composed extends Closing {
  readonly options: ParsedOptions
}

export interface Closing {
  close(): Promise<void>
}

/**
 * Makes the services of a Compose project the upstreams, and reads the settings. `close` disconnects the project.
 *
 * @throws the errors of both steps
 */
export async function readComposed<Settings>(
  options: ParsedOptions,
  read: (completed: ParsedOptions) => Settings | Promise<Settings>,
): Promise<Settings & Closing> {
  const { options: completed, close } = await composed(options)
  try {
    return { ...(await read(completed)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Adds the services of a running Compose project to the options. Programs that connect to the published ports of the
 * project then reach the proxy instead.
 *
 * @throws UserError (usage, environment)
 */
async function composed(options: ParsedOptions): Promise<Composed> {
  const wanted = textOf(options, 'compose')
  const services = textsOf(options, 'service')
  if (wanted === undefined) {
    if (services.length > 0) throw usageError('--service needs a Compose project: give --compose, too.')
    return { options, close: async () => {} }
  }
  const option = ['upstream', 'serve', 'listen', 'name', 'toxiproxy'].find((name) => options[name] !== undefined)
  if (option !== undefined)
    throw usageError(`--compose and --${option} both choose what is recorded: give one of them.`)
  const { project, served } = servedContainers({ wanted, services, directory: process.cwd() })
  const names = namesOf(served)
  const ports = await reservePorts(names)
  const led = served.flatMap(({ name, hostPorts }) =>
    hostPorts.map((hostPort) => ({ hostPort, proxyPort: ports[name] ?? 0 })),
  )
  const close = led.length === 0 ? async () => {} : await leadPublished(project, led)
  printNotice(
    served
      .map(({ name, upstream, hostPorts }) => {
        const from = hostPorts.length === 0 ? 'no published port' : `127.0.0.1:${hostPorts.join(', 127.0.0.1:')}`
        return `  ${name}: ${from} and {${name}} lead through the proxy to ${upstream}\n`
      })
      .join(''),
  )
  return {
    options: {
      ...options,
      name: names,
      upstream: served.map(({ upstream }) => upstream),
      listen: names.map((name) => `127.0.0.1:${ports[name]}`),
    },
    async close() {
      await close()
      releasePorts(Object.values(ports))
    },
  }
}
