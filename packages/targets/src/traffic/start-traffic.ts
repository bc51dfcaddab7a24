import { mkdirSync } from 'node:fs'
import type { UserError } from '@chaosproxy/history'
import type { ManagedProxy } from '@chaosproxy/proxy/control'
import type { Recorder } from '@chaosproxy/recorder'
import type { ObservedClients, StartedCluster, StartOptions } from '@chaosproxy/runner'
import { reservePorts } from '../command/ports.ts'
import { type Keeper, startKeeper } from '../keeper/keeper.ts'
import { readFinallyBy, withSpellings } from './final-client.ts'
import {
  type Addresses,
  type ObservedTraffic,
  type RecordedServer,
  type TrafficUse,
  waysOf,
} from './observed-traffic.ts'
import { hasTraffic, recordDoubts, requireAnswers, requireOperations, requireReached } from './requirements.ts'
import { openServedServers, type ServedServers } from './served-servers.ts'
import { checkTable } from './table-functions.ts'
import { type TrafficCluster, type TrafficUpstream, trafficCluster } from './traffic-cluster.ts'

const LOOK_EVERY_MS = 10

/**
 * Opens a proxy in front of each server, and starts the run's own servers.
 *
 * @throws UserError (environment) for a proxy or server that cannot be started, (input) for an unknown placeholder.
 */
export async function startTraffic(traffic: ObservedTraffic, options: StartOptions): Promise<StartedCluster> {
  const { logDir, signal } = options
  const startsSomething = traffic.clients.areStarted || traffic.servers.some((server) => 'command' in server)
  const keeper = startsSomething ? startKeeper(() => {}) : undefined
  let served: Served | undefined
  let cluster: TrafficCluster | undefined
  const close = async () => {
    await new Promise<void>((resolve) => (cluster === undefined ? resolve() : cluster.stop(resolve)))
    await served?.servers?.end()
    await keeper?.close()
  }
  try {
    if (keeper !== undefined) mkdirSync(logDir, { recursive: true })
    served = await openServed(traffic.servers, keeper, options)
    cluster = clusterFor(traffic, served, options)
    const proxies = await cluster.open()
    signal?.throwIfAborted()
    await served.servers?.start()
    signal?.throwIfAborted()
    return observedCluster(traffic, { cluster, proxies, served, keeper, close, logDir })
  } catch (error) {
    await close()
    throw error
  }
}

interface Served {
  readonly upstreams: readonly TrafficUpstream[]
  readonly servers: ServedServers | undefined
}

async function openServed(
  servers: readonly RecordedServer[],
  keeper: Keeper | undefined,
  { dataDir, logDir }: StartOptions,
): Promise<Served> {
  const given = servers.flatMap((server) => ('upstream' in server ? [server] : []))
  const ours = servers.flatMap((server) => ('command' in server ? [server] : []))
  if (ours.length === 0 || keeper === undefined) return { upstreams: given, servers: undefined }
  // The servers' commands contain the proxies' addresses, so ports are reserved before the proxies open.
  const ports = await reservePorts(servers.map(({ name }) => name))
  const placed = servers.map((server) => ({
    ...server,
    listen: server.listen.replace(/:0$/, `:${ports[server.name]}`),
  }))
  const placeholders = { ...placeholdersOf(placed), ...directsOf(given) }
  const opened = await openServedServers({ servers: ours, placeholders, keeper, dataDir, logDir })
  const upstreams = placed.map((server) => ({
    ...server,
    upstream: 'upstream' in server ? server.upstream : (opened.address(server.name) ?? ''),
  }))
  return { upstreams, servers: opened }
}

function clusterFor(
  { carries: given, others, as, model, open }: ObservedTraffic,
  { upstreams, servers }: Served,
  { seed }: StartOptions,
): TrafficCluster {
  const carries = withSpellings(given)
  return trafficCluster({
    ...{ upstreams, carries, seed, victims: servers?.victims, openProxies: open },
    recordedByDefault: others === undefined ? carries : undefined,
    finally: others === undefined || others.length === 0 ? readFinallyBy(carries, as) : undefined,
    checkTable: (table, where) => checkTable(table, where, model),
  })
}

interface Opened {
  readonly cluster: TrafficCluster
  readonly proxies: readonly ManagedProxy[]
  readonly served: Served
  readonly keeper: Keeper | undefined
  readonly logDir: string
  close(): Promise<void>
}

function observedCluster(
  traffic: ObservedTraffic,
  { cluster, proxies, served: { upstreams, servers }, keeper, logDir, close }: Opened,
): StartedCluster {
  const { clients } = traffic
  const { recorder, plane, noteFault } = cluster
  const ownTrouble: string[] = []
  const broken = createNews<UserError>()
  const gone = createNews<void>()
  const came = createNews<void>()
  const placeholders = { ...placeholdersOf(reachedAt(proxies, upstreams)), ...directsOf(upstreams) }
  let beginning: NodeJS.Timeout | undefined
  let using: Promise<TrafficUse> | undefined
  let injected = 0
  let failure: string | undefined
  const tlsTrouble = () => [...cluster.withoutTls()].map(([name, why]) => `${name}: ${why}`)
  const endClients = async (why: Parameters<ObservedClients['end']>[0]) => {
    clearInterval(beginning)
    const use = await using
    ownTrouble.push(...((await use?.end(why)) ?? []))
    failure = use?.failure?.()
    if (clients.areCutOff === true) await cluster.cutOff()
    await cluster.healOthers()
  }
  const observed: ObservedClients = {
    untilGone: !clients.areStarted,
    onTraffic: came.listen,
    onGone: gone.listen,
    onFault: (began) =>
      cluster.onFault((name, fault) => {
        injected++
        return began(name, fault)
      }),
    end(why, ended) {
      endClients(why)
        .then(() => {
          requireReached(cluster.unreached(), upstreams, recorder)
          if (why !== 'interrupted' && injected === 0) requireAnswers(recorder, traffic.servers)
          ended()
        })
        .catch(broken.happened)
    },
    canRead: (key) => cluster.canRead(key),
    repeatsAreDoubtful: waysOf(traffic).some((carries) => carries.kind === 'spoken' && carries.protocol.resends),
    concluded(faults) {
      requireOperations(recorder, { ...traffic, proxies, failure, trouble: tlsTrouble() })
      return recordDoubts(recorder, waysOf(traffic), faults)
    },
  }
  return {
    ...cluster,
    get nodes() {
      return cluster.nodes
    },
    observed,
    readyMs: undefined,
    leader: () => undefined,
    placeholders: () => placeholders,
    ...(servers && { commands: servers.commands }),
    inject(fault, callback) {
      injected++
      cluster.inject(fault, callback)
    },
    begin() {
      const dials = new Map(proxies.flatMap(({ name, dial }) => (dial === undefined ? [] : [[name, dial] as const])))
      using = clients.begin({ plane, noteFault, proxies, dials, placeholders, logDir, keeper })
      using.then((use) => use.gone).then(() => gone.happened(), broken.happened)
      // Commands take time to start, and a fault before the first traffic has no effect.
      beginning = onTrafficOf(recorder, came.happened)
    },
    onBroken: broken.listen,
    trouble: () => [...(servers?.trouble ?? []), ...ownTrouble, ...tlsTrouble()],
    stop(stopped) {
      void endClients('interrupted')
        .catch(() => {})
        .then(close)
        .then(stopped)
    },
  }
}

function onTrafficOf(recorder: Recorder, came: () => void): NodeJS.Timeout {
  const looking = setInterval(() => {
    if (!hasTraffic(recorder)) return
    clearInterval(looking)
    came()
  }, LOOK_EVERY_MS)
  return looking
}

/** Returns the addresses at which clients reach the servers. Clients in this process use the servers' own addresses. */
const reachedAt = (proxies: readonly ManagedProxy[], upstreams: readonly TrafficUpstream[]) =>
  proxies.map(({ name, listen, upstream }) => ({
    name,
    listen: upstreams.some((each) => each.name === name && each.listens === false) ? upstream : listen,
  }))

/** An event that happens at most once. Callbacks may be added before or after it. */
function createNews<Of>() {
  let listener: ((news: Of) => void) | undefined
  let known: { readonly news: Of } | undefined
  return {
    happened(news: Of): void {
      known ??= { news }
      listener?.(known.news)
    },
    listen(callback: (news: Of) => void): void {
      listener = callback
      if (known !== undefined) callback(known.news)
    },
  }
}

/** Returns the proxies' addresses: `{n1}`, `{n1.host}` and `{n1.port}`. */
const placeholdersOf = (proxies: readonly Pick<ManagedProxy, 'name' | 'listen'>[]): Addresses =>
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

/** Returns the servers' own addresses: `{n1.direct}`. */
const directsOf = (upstreams: readonly Pick<TrafficUpstream, 'name' | 'upstream'>[]): Addresses =>
  Object.fromEntries(upstreams.map(({ name, upstream }) => [`${name}.direct`, upstream]))
