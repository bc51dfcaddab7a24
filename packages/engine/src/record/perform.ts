import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ManagedProxy } from '@chaosproxy/proxy/control'
import type { Recorder } from '@chaosproxy/recorder'
import { type PerformOptions, type PlannedRun, type RunOutcome, toldOf } from '@chaosproxy/runner'
import {
  commandText,
  fillCommand,
  type Keeper,
  openServedServers,
  reservePorts,
  type ServedServers,
  startCommand,
  startKeeper,
  type Upstream,
} from '@chaosproxy/targets'
import { writeAuthorities } from './authorities.ts'
import { observeTraffic } from './observe-traffic.ts'
import type { RecordedCommand } from './plan.ts'
import { requireAnswers, requireOperations, requireReached } from './requirements.ts'

const STATUS_EVERY_MS = 100
const LOOK_EVERY_MS = 10
const END_GRACE_MS = 2_000

const USE_BY_COMMAND =
  'The command has to use it: its address is in CHAOS_PROXY_N1, and {n1} stands for it in --env and in the command.'

/**
 * Opens the proxies, runs the command, injects the faults, heals, and reads one last time.
 *
 * @throws UserError (environment) for a proxy or a command that cannot be started, (input) if no operation was
 * recognised in the traffic.
 */
export async function performRecord(
  settings: RecordedCommand,
  run: PlannedRun,
  options: PerformOptions,
): Promise<RunOutcome> {
  const keeper = startKeeper(() => {})
  let served: Served | undefined
  try {
    mkdirSync(options.logDir, { recursive: true })
    served = await openServed(settings, keeper, options)
    return await performServed(settings, run, options, { ...served, keeper })
  } finally {
    await served?.servers?.end()
    await keeper.close()
  }
}

async function performServed(
  settings: RecordedCommand,
  run: PlannedRun,
  { sink, logDir, begun, settled, listener, interrupted, abandoned }: PerformOptions,
  { upstreams, servers, keeper }: Served & { readonly keeper: Keeper },
): Promise<RunOutcome> {
  const told = listener === undefined ? sink : toldOf(sink, listener)
  const { cluster, observation, stop } = observeTraffic(settings, run, told, { upstreams, victims: servers?.victims })
  let status: NodeJS.Timeout | undefined
  let beginning: NodeJS.Timeout | undefined
  try {
    const proxies = await cluster.open()
    await servers?.start()
    begun?.()
    listener?.({ type: 'ready' })
    const authorities = writeAuthorities(proxies, () => join(logDir, 'ca.pem'))
    const command = await startCommand({
      name: settings.command[0],
      command: fillCommand(
        {
          words: settings.command,
          environment: { ...environmentOf(proxies), ...authorities, ...settings.environment },
        },
        { ...placeholdersOf(proxies), ...directsOf(upstreams), ca: authorities['CHAOS_CA'] ?? '' },
      ),
      logPath: join(logDir, 'command.log'),
      keeper,
      prints: settings.prints,
    })
    beginning = setInterval(() => {
      if (!hasTraffic(cluster.recorder)) return
      clearInterval(beginning)
      observation.begin()
    }, LOOK_EVERY_MS)
    status = setInterval(() => listener?.({ type: 'status', progress: observation.progress() }), STATUS_EVERY_MS)
    const end = await Promise.race([
      command.exited,
      aborted(interrupted, 'interrupted' as const),
      aborted(abandoned, 'abandoned' as const),
      late(settings.timeMs),
    ])
    if (command.running()) await command.end(END_GRACE_MS)
    abandoned?.throwIfAborted()
    requireReached(cluster.unreached(), upstreams, observation.progress())
    if (end !== 'interrupted' && run.schedule.length === 0) requireAnswers(cluster.recorder, settings)
    const ownTrouble = () => [...(servers?.trouble ?? []), ...troubleOf(end, settings)]
    const outcome = await stop(end === 'interrupted', ownTrouble)
    await settled?.({ ...placeholdersOf(proxies), ...directsOf(upstreams) })
    requireOperations(cluster.recorder, settings, proxies, USE_BY_COMMAND)
    return { ...outcome, commands: servers?.commands() }
  } finally {
    clearInterval(status)
    clearInterval(beginning)
    listener?.({ type: 'ending' })
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
}

/** The servers behind the proxies, and those that the run starts. */
interface Served {
  readonly upstreams: readonly Upstream[]
  readonly servers: ServedServers | undefined
}

/** Reserves the ports of the servers that the run starts. */
async function openServed(
  { servers }: RecordedCommand,
  keeper: Keeper,
  { dataDir, logDir }: Pick<PerformOptions, 'dataDir' | 'logDir'>,
): Promise<Served> {
  const ours = servers.flatMap((server) => ('command' in server ? [server] : []))
  if (ours.length === 0)
    return { upstreams: servers.flatMap((server) => ('upstream' in server ? [server] : [])), servers: undefined }
  // Servers learn the proxies' addresses before the proxies open, so reserve the ports now.
  const ports = await reservePorts(servers.map(({ name }) => name))
  const placed = servers.map((server) => ({
    ...server,
    listen: server.listen.replace(/:0$/, `:${ports[server.name]}`),
  }))
  const given = servers.flatMap((server) => ('upstream' in server ? [server] : []))
  const placeholders = { ...placeholdersOf(placed), ...directsOf(given) }
  const opened = await openServedServers({ servers: ours, placeholders, keeper, dataDir, logDir })
  const upstreams = placed.map((server) => ({
    ...server,
    upstream: 'upstream' in server ? server.upstream : (opened.address(server.name) ?? ''),
  }))
  return { upstreams, servers: opened }
}

/** A fault before the first traffic would have no effect: commands take time to start. */
const hasTraffic = ({ counters }: Recorder): boolean =>
  counters.operations + counters.unmatched + counters.notUnderstood + counters.opaqueConnections > 0

type CommandEnd =
  | { readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | 'interrupted'
  | 'abandoned'
  | 'late'

const aborted = <Why>(signal: AbortSignal | undefined, why: Why): Promise<Why> =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve(why)
    else signal?.addEventListener('abort', () => resolve(why), { once: true })
  })

function late(timeMs: number): Promise<'late'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('late'), timeMs).unref()
  })
}

function troubleOf(end: CommandEnd, { command, mayFail, timeMs, isTimeAsked }: RecordedCommand): readonly string[] {
  const words = commandText({ words: command })
  // An explicit time limit is meant to end the command: a server under test never ends by itself.
  if (end === 'late' && isTimeAsked) return []
  if (end === 'late')
    return [`${words} was still running after ${timeMs / 1000} s, and was ended. Give it longer: --time`]
  if (typeof end === 'string' || end.code === 0 || mayFail) return []
  const how = end.signal === null ? `exit code ${end.code}` : end.signal
  return [`${words} ended with ${how}. Where it may fail under faults, say --may-fail`]
}

/** `CHAOS_PROXY_N1` holds the address of the proxy n1. */
const environmentOf = (proxies: readonly ManagedProxy[]): { readonly [name: string]: string } =>
  Object.fromEntries(
    proxies.map(({ name, listen }) => [`CHAOS_PROXY_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`, listen]),
  )

/** The proxy's address: `{n1}`, `{n1.host}` and `{n1.port}`. */
const placeholdersOf = (
  proxies: readonly Pick<ManagedProxy, 'name' | 'listen'>[],
): { readonly [name: string]: string } =>
  Object.fromEntries(
    proxies.flatMap(({ name, listen }) => {
      const colon = listen.lastIndexOf(':')
      return [
        [name, listen],
        [`${name}.host`, listen.slice(0, colon)],
        [`${name}.port`, listen.slice(colon + 1)],
      ]
    }),
  )

/** `{n1.direct}` is the server's own address, bypassing the proxy. */
const directsOf = (upstreams: readonly Pick<Upstream, 'name' | 'upstream'>[]): { readonly [name: string]: string } =>
  Object.fromEntries(upstreams.map(({ name, upstream }) => [`${name}.direct`, upstream]))
