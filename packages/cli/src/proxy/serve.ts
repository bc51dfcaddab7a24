import { setImmediate } from 'node:timers/promises'
import { EXIT, type ExitCode, packageVersion, readBytesFile, readJsonFile, readTextFile } from '@chaosproxy/engine'
import { UserError } from '@chaosproxy/history'
import {
  type ControlOptions,
  type ControlPlane,
  type ControlServer,
  createControlPlane,
  createNetwork,
  createWorkerNetwork,
  loadProxyConfig,
  startControl,
} from '@chaosproxy/proxy/control'
import { recordedExamples } from '@chaosproxy/recorder/protocols'
import { temporaryFile, writeAuthorities } from '@chaosproxy/targets'
import type { Logger } from 'pino'
import { outputFailed, print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'
import { createLog } from './log.ts'
import type { OpenRecording, RecordSettings } from './recording.ts'
import type { SummaryOptions } from './recording-summary.ts'
import type { ProxyCommandSettings } from './settings.ts'
import { renderStartPage } from './start-page.ts'

/** The Toxiproxy release to report, for clients that check the version. */
const TOXIPROXY_VERSION = '2.12.0'

/** Runs proxies and their control interface until told to end. */
export async function serveProxies(settings: ProxyCommandSettings): Promise<ExitCode> {
  const log = await createLog(settings.log)
  const stop = stopSignals()
  const { seed, workers } = settings
  const recording = settings.record === undefined ? undefined : await openRecording(settings.record, log)
  const network = workers === 1 ? createNetwork({ seed }) : await createWorkerNetwork({ seed, workers })
  const plane = createControlPlane({ network, seed, recording })
  let by: SummaryOptions['by'] = 'routes'
  const caFile = temporaryFile('ca.pem')
  plane.events.subscribe(({ type, sequence: _, at: __, ...event }) =>
    log[TROUBLES.includes(type) ? 'warn' : 'info'](event, type),
  )
  try {
    await openProxies(plane, settings)
    const [kind = 'routes', another] = new Set(plane.proxies.list().flatMap(({ recordedBy }) => recordedBy ?? []))
    by = another === undefined ? kind : 'routes'
    const version = packageVersion()
    const server = await startControlAt(plane, {
      listen: settings.control,
      token: settings.token,
      isOpen: settings.isOpen,
      hostNames: settings.hostNames,
      version,
      ...(settings.toxiproxy
        ? { toxiproxy: { version: `${TOXIPROXY_VERSION}+chaos.${version}`, metrics: settings.metrics } }
        : {}),
      onRequest: (method, path, status) => log.debug({ method, path, status }, 'request'),
    })
    try {
      const controlUrl = `http://${server.host.includes(':') ? `[${server.host}]` : server.host}:${server.port}`
      log.info({ control: controlUrl, seed: settings.seed, pid: process.pid }, 'ready')
      const proxies = plane.proxies.list()
      const authorities = writeAuthorities(proxies, () => caFile.path())
      const page = { version, seed: settings.seed, proxies, controlUrl, ca: authorities['CHAOS_CA'] }
      const more = { toxiproxy: settings.toxiproxy, token: settings.token !== undefined, isOpen: settings.isOpen }
      print(process.stdout, renderStartPage({ ...page, ...more }, styleFor(process.stdout)))
      // A failed write shows up a turn later. Without the addresses it printed, the proxy is of no use.
      await setImmediate()
      if (outputFailed()) return EXIT.environment
      return await untilDone(settings, { stop, plane, controlUrl, log, authorities })
    } finally {
      await server.close()
    }
  } finally {
    stop.release()
    plane.close()
    // Open operations end with their connections, and belong in the record.
    await network.close()
    await recording?.close()
    if (recording !== undefined) print(process.stdout, recording.summary({ by }))
    caFile.remove()
    log.info('ended: every port is free, every fault is gone')
  }
}

/** Loaded only if needed, since most proxies record nothing. */
const openRecording = async (settings: RecordSettings, log: Logger): Promise<OpenRecording> =>
  (await import('./recording.ts')).openRecording(settings, log)

/** Opens the proxies of the config file first, then those of the command line. */
async function openProxies(plane: ControlPlane, { configFile, pairs, record }: ProxyCommandSettings): Promise<void> {
  if (configFile !== undefined)
    await loadProxyConfig(plane, readJsonFile('--config', configFile), {
      where: configFile,
      readPem: (path) => readTextFile('--config', path),
      readBytes: (path) => readBytesFile('--config', path),
    })
  for (const { carries } of pairs)
    if (carries !== undefined && 'table' in carries && carries.table !== undefined)
      plane.recording?.checkTable?.(carries.table, record?.table ?? '--carries')
  for (const pair of pairs) await plane.addProxy({ ...pair, enabled: true })
  const proxies = plane.proxies.list()
  if (record === undefined || proxies.length === 0 || proxies.some(({ recordedBy }) => recordedBy !== undefined)) return
  throw new UserError(
    'usage',
    `Nothing would be recorded: no proxy carries HTTP with routes, or a protocol that is recorded. ${record.table === undefined ? `Give --record with a route table, ${recordedExamples}.` : `In ${configFile}, leave "carries" out of the proxies that --record ${record.table} is for.`}`,
  )
}

/** Events that mean traffic is not getting through. */
const TROUBLES: readonly string[] = ['dial-failed', 'accept-failed']

/** The default port is Toxiproxy's, so another proxy may well be using it already. */
async function startControlAt(plane: ControlPlane, options: ControlOptions): Promise<ControlServer> {
  try {
    return await startControl(plane, options)
  } catch (error) {
    if (!(error instanceof UserError) || (error.cause as NodeJS.ErrnoException | undefined)?.code !== 'EADDRINUSE')
      throw error
    throw new UserError(
      error.code,
      `${error.message} End what listens there, another proxy perhaps, or choose another port: --control 127.0.0.1:0 is any free one.`,
    )
  }
}

interface Running {
  readonly stop: StopSignals
  readonly plane: ControlPlane
  readonly controlUrl: string
  readonly log: Logger
  /** The variables that name the authorities to trust. */
  readonly authorities: { readonly [name: string]: string }
}

/**
 * Waits for a signal, the end of the time, or the end of the command that it runs, whichever comes first. If the
 * command has not ended by itself, that does not count as its success.
 */
async function untilDone(
  settings: ProxyCommandSettings,
  { stop, plane, controlUrl, log, authorities }: Running,
): Promise<ExitCode> {
  const [program, ...args] = settings.command
  const ends: Promise<ExitCode>[] = [stop.asked.then(() => (program === undefined ? EXIT.met : EXIT.interrupted))]
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
          env: { ...environmentFor(plane, controlUrl), ...authorities },
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

/** The addresses of the control interface (`CHAOS_PROXY_URL`) and of each proxy (`CHAOS_PROXY_N1` for n1). */
const environmentFor = (plane: ControlPlane, controlUrl: string): { readonly [name: string]: string } => ({
  CHAOS_PROXY_URL: controlUrl,
  ...Object.fromEntries(
    plane.proxies
      .list()
      .map(({ name, listen }) => [`CHAOS_PROXY_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`, listen]),
  ),
})

interface StopSignals {
  /** Resolves with the first signal. */
  readonly asked: Promise<void>
  /** Restores the signals' default meaning. */
  release(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The first signal ends the proxy in good order, the second at once. */
function stopSignals(): StopSignals {
  let ask: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    ask = resolve
  })
  let count = 0
  const onSignal = () => {
    count++
    if (count > 1) process.exit(EXIT.interrupted)
    ask()
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return {
    asked,
    release() {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
