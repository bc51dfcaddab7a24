import { UserError } from '@chaosproxy/history'
import { leadPublished, releasePorts, reservePorts, servedContainers } from '@chaosproxy/targets'
import { wordOrNone, words } from '../arguments/declare.ts'
import type { Option } from '../arguments/option.ts'
import { type ParsedOptions, textOf, textsOf } from '../command.ts'
import { print } from '../terminal/output.ts'

export const composeOptions: { readonly [name in 'compose' | 'service']: Option } = {
  compose: wordOrNone(
    'a Compose project that runs, its file or name, in place of --upstream: its published ports lead through the proxy (Linux, root)',
  ),
  service: words('with --compose: a service that clients talk to; repeat it for several', 'the likeliest'),
}

interface Composed extends Closing {
  /** The options with the containers of the project as upstreams. */
  readonly options: ParsedOptions
}

/** Something to close once the command is over. */
export interface Closing {
  close(): Promise<void>
}

/** Reads settings from options with a Compose project as upstreams, until they are closed. @throws what either does */
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
 * Completes the options by a Compose project that runs: its services are the upstreams, and programs of this machine
 * that dial their published ports reach the proxy instead.
 *
 * @throws UserError (usage, environment)
 */
async function composed(options: ParsedOptions): Promise<Composed> {
  const wanted = textOf(options, 'compose')
  const services = textsOf(options, 'service')
  if (wanted === undefined) {
    if (services.length > 0) throw new UserError('usage', '--service is about a Compose project: give --compose, too.')
    return { options, close: async () => {} }
  }
  const said = ['upstream', 'serve', 'listen', 'name', 'toxiproxy'].find((name) => options[name] !== undefined)
  if (said !== undefined)
    throw new UserError('usage', `--compose and --${said} both say what is recorded: give one of them.`)
  const { project, served } = servedContainers({ wanted, services, directory: process.cwd() })
  const names = served.map(({ name }) => name)
  const ports = await reservePorts(names)
  const led = served.flatMap(({ name, hostPorts }) =>
    hostPorts.map((hostPort) => ({ hostPort, proxyPort: ports[name] ?? 0 })),
  )
  const close = led.length === 0 ? async () => {} : await leadPublished(project, led)
  print(
    process.stderr,
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
