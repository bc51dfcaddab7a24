import { setImmediate } from 'node:timers/promises'
import { EXIT, type ExitCode, packageVersion, whenAborted } from '@chaosproxy/engine/run'
import { addressText, UserError } from '@chaosproxy/history'
import { type ControlOptions, type ControlPlane, type ControlServer, startControl } from '@chaosproxy/proxy/control'
import { environmentOf, temporaryFile, writeAuthorities } from '@chaosproxy/targets'
import type { Logger } from 'pino'
import { outputFailed, print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'
import { renderStartPage } from './start-page.ts'
import type { ProxyCommandSettings } from './use.ts'

const TOXIPROXY_VERSION = '2.12.0'

/** Events that mean that traffic is blocked. */
const TROUBLES: readonly string[] = ['dial-failed', 'accept-failed', 'tls-missing', 'misread', 'reader-failed']

export function logEvents({ events }: ControlPlane, log: Logger): void {
  events.subscribe(({ type, sequence: _, at: __, ...event }) =>
    log[type === 'violation' ? 'error' : TROUBLES.includes(type) ? 'warn' : 'info'](event, type),
  )
}

/** Whether the start page and the log share a terminal, so that the log need not report the start. */
export const showsOnTerminal = ({ log }: Pick<ProxyCommandSettings, 'log'>): boolean =>
  log === 'pretty' && process.stdout.isTTY === true && process.stderr.isTTY === true

interface Serving {
  /** Resolves when the time is over, the command has ended, or the end is requested. */
  readonly done: Promise<ExitCode>
  /** Terminates the command, and closes the control interface, which frees its port. */
  close(): Promise<void>
}

interface ServingOptions {
  readonly log: Logger
  /** Resolves when the end is requested, by a signal or a violation. */
  readonly stopRequested: Promise<void>
}

/** Serves the control interface, prints all addresses, and runs the command, if any. */
export async function serveControl(
  plane: ControlPlane,
  settings: ProxyCommandSettings,
  { log, stopRequested }: ServingOptions,
): Promise<Serving> {
  const caFile = temporaryFile('ca.pem')
  const version = packageVersion()
  const server = await startControlAt(plane, {
    listen: settings.control,
    token: settings.token,
    isOpen: settings.isOpen,
    identity: settings.identity,
    hostNames: settings.hostNames,
    version,
    ...(settings.toxiproxy
      ? { toxiproxy: { version: `${TOXIPROXY_VERSION}+chaos.${version}`, metrics: settings.metrics } }
      : {}),
    onRequest: (method, path, status) => log.debug({ method, path, status }, 'request'),
  })
  const ending = new AbortController()
  const scheme = settings.identity === undefined ? 'http' : 'https'
  const controlUrl = `${scheme}://${addressText(server)}`
  if (!showsOnTerminal(settings)) log.info({ control: controlUrl, seed: settings.seed, pid: process.pid }, 'ready')
  const proxies = plane.proxies.list()
  const authorities = writeAuthorities(proxies, () => caFile.path())
  const page = { version, seed: settings.seed, proxies, controlUrl, ca: authorities['CHAOS_CA'] }
  const more = { toxiproxy: settings.toxiproxy, token: settings.token !== undefined, isOpen: settings.isOpen }
  print(renderStartPage({ ...page, ...more }, styleFor()))
  // If writing to stdout fails, Node reports it one turn of the event loop later. In that case nobody saw the
  // addresses, and the proxy ends.
  await setImmediate()
  const done = outputFailed()
    ? Promise.resolve(EXIT.environment)
    : untilDone(settings, { stopRequested, ending: ending.signal, plane, controlUrl, log, authorities })
  return {
    done,
    async close() {
      ending.abort()
      await done.catch(() => {})
      await server.close()
      caFile.remove()
    },
  }
}

/** Starts the control interface. Its default port is Toxiproxy's, which may be in use. */
async function startControlAt(plane: ControlPlane, options: ControlOptions): Promise<ControlServer> {
  try {
    return await startControl(plane, options)
  } catch (error) {
    if (!(error instanceof UserError) || (error.cause as NodeJS.ErrnoException | undefined)?.code !== 'EADDRINUSE')
      throw error
    throw new UserError(
      error.code,
      `${error.message} Stop the program that listens on this port, or choose another port: --control 127.0.0.1:0 takes any free one.`,
    )
  }
}

interface Running {
  readonly stopRequested: Promise<void>
  /** Aborted when the proxy ends for a reason other than `stopRequested`. */
  readonly ending: AbortSignal
  readonly plane: ControlPlane
  readonly controlUrl: string
  readonly log: Logger
  readonly authorities: { readonly [name: string]: string }
}

/**
 * Waits for a signal, the end of the time or the end of the command. A command that must be terminated is no success.
 */
async function untilDone(
  settings: ProxyCommandSettings,
  { stopRequested, ending, plane, controlUrl, log, authorities }: Running,
): Promise<ExitCode> {
  const [program, ...args] = settings.command
  const ends: Promise<ExitCode>[] = [
    stopRequested.then(() => (program === undefined ? EXIT.met : EXIT.interrupted)),
    new Promise((resolve) => whenAborted(ending, () => resolve(EXIT.interrupted))),
  ]
  let timer: NodeJS.Timeout | undefined
  const { timeMs } = settings
  if (timeMs !== undefined)
    ends.push(
      new Promise((resolve) => {
        timer = setTimeout(() => resolve(program === undefined ? EXIT.met : EXIT.unknown), timeMs)
      }),
    )
  const beside =
    program === undefined
      ? undefined
      : (await import('./beside.ts')).runBeside({
          program,
          args,
          env: { CHAOS_PROXY_URL: controlUrl, ...environmentOf(plane.proxies.list()), ...authorities },
          log,
        })
  if (beside !== undefined) ends.push(beside.ended)
  try {
    return await Promise.race(ends)
  } finally {
    clearTimeout(timer)
    await beside?.stop()
  }
}
