import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Endpoint, Link } from '@chaosproxy/faults'
import { type UserError, usageError } from '@chaosproxy/history'
import type { Intercept } from '../../interceptor/interceptor.ts'
import type { Network } from '../../network/network.ts'
import { type Identification, ownAddress, type PeerFinder } from '../../peer/peers.ts'
import { hostAndPort } from '../../socket/host-and-port.ts'
import type { Route } from '../../tcp/route.ts'
import type { Reached } from '../../tls/dial-server.ts'
import type { TlsOptions } from '../../tls/tls-options.ts'
import type { DatagramRoute } from '../../udp/datagram-route.ts'
import { parseAddress, resolveAddress, shorten } from './address.ts'
import { type Carriage, carriageName, encryptionOf, recordedBy } from './carriage.ts'
import { ControlError } from './errors.ts'
import { validateName } from './names.ts'
import { findRoundTrip, type Hop } from './round-trip.ts'

export interface ProxySettings {
  readonly name: string
  /** `host:port`. Port 0 picks a free port; an empty string listens on every address, at a free port. */
  readonly listen: string
  /** If false, no port is opened: only clients of this process can connect, by `dial`. */
  readonly listens?: boolean | undefined
  readonly upstream: string
  readonly enabled: boolean
  /** The endpoints of the proxy's two links; by default `clients` and the proxy's own name. */
  readonly from?: Endpoint | undefined
  readonly to?: Endpoint | undefined
  /** TCP by default. */
  readonly protocol?: 'tcp' | 'udp' | undefined
  /**
   * The protocol that the proxy parses. It is needed to record single requests, and to apply faults to them. `tcp`
   * means raw bytes, and is the default if nothing is recorded.
   */
  readonly carries?: Carriage | 'tcp' | undefined
  /** Where the proxy terminates and originates TLS. By default TLS is passed through. */
  readonly tls?: TlsOptions | undefined
  /** Whether the upstream is given as `https://`. The proxy then carries HTTP by default. */
  readonly isHttps?: boolean | undefined
  /** Whether a server that is reached by TLS gets the client's `Host`. Otherwise it gets the server's own name. */
  readonly keepHost?: boolean | undefined
  /**
   * Whether the proxy's addresses may be Unix sockets. The user may name files of this machine; an API request may not.
   */
  readonly mayNamePaths?: boolean | undefined
  /** Identifies the dialling node, if several nodes share the proxy's address. */
  readonly peers?: PeerFinder | undefined
  /** The nodes that `peers` can identify. */
  readonly peerNames?: readonly Endpoint[] | undefined
}

/** Absent settings keep their values. */
export type ProxyChange = {
  readonly [Name in 'listen' | 'listens' | 'upstream' | 'enabled']?: ProxySettings[Name] | undefined
}

export interface ManagedProxy {
  readonly name: string
  /** The proxy's listen address, resolved once the proxy has been enabled. */
  readonly listen: string
  readonly upstream: string
  readonly enabled: boolean
  /** Client to server. */
  readonly forward: Link
  /** Server to client. */
  readonly backward: Link
  /** The endpoints that may dial: `forward.from` and the named peers. Each endpoint has its own links. */
  readonly callers: readonly Endpoint[]
  readonly protocol: 'tcp' | 'udp'
  /** The certificate authority, in PEM, that clients must trust; undefined if the proxy created none. */
  readonly authority: string | undefined
  /** Maps the proxy's requests to operations; undefined if they cannot be recorded. */
  readonly recordedBy: ReturnType<typeof recordedBy>
  /** The protocol by which single requests or messages are read; undefined for raw bytes. */
  readonly speaks: string | undefined
  /**
   * How the proxy identifies the endpoint that opens a connection, and how often the identification succeeded and
   * failed.
   */
  readonly identification: Identification
  /** The number of open connections; for UDP, of clients heard from recently. */
  readonly liveConnections: number
  /**
   * Connects a client in this process to the proxy, without using a socket. Absent for UDP, and while the proxy is
   * disabled.
   */
  readonly dial?: (() => Duplex) | undefined
}

/** The proxies by name. Operations on one proxy run in the order they were requested. */
export interface ProxySet {
  /** Sorted by name. */
  list(): readonly ManagedProxy[]
  /** @throws ControlError (404) */
  get(name: string): ManagedProxy
  /** @throws ControlError (400, 409), UserError (environment) if it cannot listen; then it is not added. */
  create(settings: ProxySettings): Promise<ManagedProxy>
  /**
   * Changes the proxy. A new address, or a change of `listens`, resets the proxy's connections but keeps its faults. A
   * proxy that cannot listen is kept, but disabled.
   */
  update(name: string, change: ProxyChange): Promise<ManagedProxy>
  isAt(name: string, addresses: Pick<ProxySettings, 'listen' | 'upstream'>): Promise<boolean>
  /** Frees the proxy's port and resets its connections. @throws ControlError (404) */
  remove(name: string): Promise<void>
}

export interface ProxySetOptions {
  readonly network: Pick<Network, 'route' | 'datagramRoute'>
  readonly interceptFor: (carries: Carriage, way: ReadWay) => Promise<Intercept>
  /** Prepares the protocol, before the first client can connect. */
  readonly prepare: (carries: Carriage, way: PreparedWay) => Promise<void>
  readonly processesFor: (carries: Carriage) => Promise<PeerFinder | undefined>
}

/** A link whose traffic is parsed. */
export interface ReadWay extends Link {
  readonly tls: TlsOptions | undefined
  /** Returns the `Host` of forwarded requests; absent if requests keep their own `Host`. */
  readonly host: (() => string) | undefined
}

export interface PreparedWay extends Link {
  readonly upstream: Reached
}

interface Entry {
  readonly name: string
  readonly from: Endpoint
  readonly to: Endpoint
  listen: string
  listens: boolean
  upstream: string
  readonly protocol: 'tcp' | 'udp'
  readonly tls: TlsOptions | undefined
  readonly peers: PeerFinder | undefined
  readonly callers: readonly Endpoint[]
  /**
   * The parser of the proxy's connections; undefined if the proxy passes bytes without parsing them. The parser is
   * created before the proxy is enabled, because the protocol must be known by then.
   */
  readonly intercept: Intercept | undefined
  readonly processes: PeerFinder | undefined
  readonly carries: Carriage | undefined
  /** Whether the proxy is prepared. `prepare` runs once, before the first client. */
  isPrepared: boolean
  route: Route | DatagramRoute | undefined
}

export function createProxySet({ network, interceptFor, prepare, processesFor }: ProxySetOptions): ProxySet {
  const entries: Map<string, Entry> = new Map()
  const serially = createSerially()

  function find(name: string): Entry {
    const entry = entries.get(name)
    if (entry === undefined) throw new ControlError(404, 'proxy not found')
    return entry
  }

  const start = (entry: Entry): Promise<void> => startAmong(entries, entry, { network, prepare })

  async function create(settings: ProxySettings): Promise<ManagedProxy> {
    const { name, listen, upstream } = settings
    if (entries.has(name)) throw new ControlError(409, 'proxy already exists')
    validateUpstream(upstream)
    refusePaths(settings)
    const from = settings.from ?? 'clients'
    // The endpoints `from` and `to` must have different names. By default, `to` has the name of the proxy, unless
    // `from` already has it.
    const to = settings.to ?? (name === from ? `${name} (proxy)` : name)
    const { protocol = 'tcp', listens = true, tls, peers, peerNames = [] } = settings
    const carries = carriedBy(settings)
    const host = tls?.originate === undefined || settings.keepHost === true ? undefined : () => hostOf(entry)
    if (protocol === 'udp') refuseForDatagrams(settings)
    const callers = [...new Set([from, ...peerNames])]
    refuseTakenLink(entries, { from, to })
    const intercept = carries === undefined ? undefined : await interceptFor(carries, { from, to, tls, host })
    const processes = carries === undefined ? undefined : await processesFor(carries)
    // Another proxy may have taken the link since the first check.
    refuseTakenLink(entries, { from, to })
    const entry: Entry = {
      ...{ name, from, to, protocol, listens, listen, upstream },
      ...{ tls, peers, callers, intercept, processes, carries },
      isPrepared: false,
      route: undefined,
    }
    if (settings.enabled) await start(entry)
    entries.set(name, entry)
    return viewOf(entry)
  }

  async function update(name: string, change: ProxyChange): Promise<ManagedProxy> {
    const entry = find(name)
    refusePaths(change)
    const { listen = entry.listen, upstream = entry.upstream, enabled = entry.route !== undefined } = change
    const { listens = entry.listens } = change
    if (listens !== entry.listens || (await differs(entry, listen, upstream))) {
      await stop(entry)
      entry.listens = listens
      entry.listen = listen
      entry.upstream = upstream
    }
    if (!enabled) await stop(entry)
    else if (entry.route === undefined) await start(entry)
    return viewOf(entry)
  }

  return {
    list: () => [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(viewOf),
    get: (name) => viewOf(find(name)),
    async create(settings) {
      validateName('a proxy', settings.name)
      return serially(settings.name, () => create(settings))
    },
    isAt: async (name, { listen, upstream }) => !(await differs(find(name), listen, upstream)),
    update: (name, change) => serially(name, () => update(name, change)),
    remove: (name) =>
      serially(name, async () => {
        await stop(find(name))
        entries.delete(name)
      }),
  }
}

/**
 * Opens the proxy's route.
 *
 * @throws UserError (usage) if the proxy's connections would lead back to the proxy.
 */
async function startAmong(
  entries: ReadonlyMap<string, Entry>,
  entry: Entry,
  { network, prepare }: Pick<ProxySetOptions, 'network' | 'prepare'>,
): Promise<void> {
  const upstream = parseAddress(entry.upstream)
  const way = {
    from: entry.from,
    to: entry.to,
    upstream: { host: upstream.host === '' ? 'localhost' : upstream.host, port: upstream.port },
  }
  const listen = await resolveAddress(parseAddress(entry.listen === '' || !entry.listens ? ':0' : entry.listen))
  // Check for a loop before listening. If the port is in use, listening fails with an error that hides the loop.
  if (entry.listens && listen.port !== 0) await refuseRoundTrip(entries, { ...entry, listen: hostAndPort(listen) })
  if (entry.carries !== undefined && !entry.isPrepared)
    await prepare(entry.carries, { ...way, upstream: { ...way.upstream, originate: entry.tls?.originate } })
  entry.isPrepared = true
  const route =
    entry.protocol === 'udp'
      ? await network.datagramRoute({ ...way, listen })
      : await network.route({
          ...way,
          listen: entry.listens ? listen : 'nowhere',
          intercept: entry.intercept,
          tls: entry.tls,
          encryption: encryptionOf(entry.carries),
          peers: entry.peers,
          processes: entry.processes,
        })
  entry.route = route
  if (!entry.listens) return
  entry.listen = hostAndPort(route)
  try {
    // Check again whether the proxy's connections would come back to it. If the system picked the port, the port was
    // unknown before. Other proxies may also have been opened in the meantime.
    await refuseRoundTrip(entries, entry)
  } catch (error) {
    await stop(entry)
    throw error
  }
}

/** @throws UserError (usage) if the connections of a proxy would come back to it. */
async function refuseRoundTrip(entries: ReadonlyMap<string, Entry>, hop: Hop): Promise<void> {
  const open = [...entries.values()].filter(({ route, listens }) => route !== undefined && listens)
  const round = await findRoundTrip(hop, open)
  if (round !== undefined) throw leadsToItself(round)
}

async function stop(entry: Entry): Promise<void> {
  const route = entry.route
  entry.route = undefined
  await route?.close()
}

const PLAIN_HTTP: Carriage = { kind: 'http', table: undefined, websocket: false }

const carriedBy = ({ carries, isHttps }: ProxySettings): Carriage | undefined =>
  carries === 'tcp' ? undefined : (carries ?? (isHttps === true ? PLAIN_HTTP : undefined))

function hostOf({ upstream }: Pick<Entry, 'upstream'>): string {
  const { host, port } = parseAddress(upstream)
  return port === 443 && isIP(host) !== 6 ? host : hostAndPort({ host, port })
}

function refuseTakenLink(entries: ReadonlyMap<string, Entry>, { from, to }: Link): void {
  const rival = [...entries.values()].find((other) => other.from === from && other.to === to)
  if (rival !== undefined)
    throw new ControlError(409, `proxy "${shorten(rival.name)}" already carries the link ${shorten(`${from}>${to}`)}`)
}

function leadsToItself(round: readonly [Hop, ...Hop[]]): UserError {
  const [first, ...others] = round
  const way = [first, ...others, first].map(({ name }) => shorten(name)).join(' → ')
  return usageError(
    others.length === 0
      ? `proxy ${shorten(first.name)}: its upstream ${first.upstream} is its own listen address (${first.listen}). Give the address of the server.`
      : `proxy ${shorten(first.name)}: its connections lead back to itself (${way}). Give one of these proxies the address of the server.`,
  )
}

function viewOf(entry: Entry): ManagedProxy {
  const { name, from, to, route } = entry
  return {
    name,
    listen: entry.listen,
    upstream: entry.upstream,
    enabled: route !== undefined,
    forward: { from, to },
    backward: { from: to, to: from },
    callers: entry.callers,
    protocol: entry.protocol,
    authority: route !== undefined && 'authority' in route ? route.authority : undefined,
    recordedBy: recordedBy(entry.carries),
    speaks: entry.carries && carriageName(entry.carries),
    identification: route !== undefined && 'identification' in route ? route.identification : identificationBy(entry),
    liveConnections: route === undefined ? 0 : 'liveSessions' in route ? route.liveSessions : route.liveConnections,
    dial: route !== undefined && 'dial' in route ? route.dial : undefined,
  }
}

/**
 * Returns the links of a proxy in one direction or in both. A proxy has separate links for each endpoint that may
 * connect to it.
 */
export function linksOf(proxy: ManagedProxy, direction: 'both' | 'upstream' | 'downstream' = 'both'): readonly Link[] {
  const { to } = proxy.forward
  const upstream = proxy.callers.map((from) => ({ from, to }))
  const downstream = proxy.callers.map((caller) => ({ from: to, to: caller }))
  return direction === 'upstream' ? upstream : direction === 'downstream' ? downstream : [...upstream, ...downstream]
}

const identificationBy = ({ peers }: Entry): Identification =>
  peers === undefined ? ownAddress : { by: peers.by, known: 0, unknown: 0 }

/** Whether these addresses differ from the entry's. Compares resolved addresses: `localhost:1` equals `127.0.0.1:1`. */
async function differs(entry: Entry, listen: string, upstream: string): Promise<boolean> {
  return (await isOther(entry.listen, listen)) || (await isOther(entry.upstream, upstream))
}

async function isOther(now: string, wanted: string): Promise<boolean> {
  if (now === wanted) return false
  const address = parseAddress(wanted)
  try {
    return hostAndPort(await resolveAddress(parseAddress(now))) !== hostAndPort(await resolveAddress(address))
  } catch {
    // An address that cannot be resolved counts as different. The failure is reported when the proxy is started.
    return true
  }
}

function refuseForDatagrams({ carries, tls, peers, listens = true }: ProxySettings): void {
  if (!listens) throw new ControlError(400, 'listens: a UDP proxy listens on one port only')
  if (peers !== undefined)
    throw new ControlError(400, 'peers: the dialling process is known for TCP only; open a proxy for each UDP link')
  if (tls !== undefined) throw new ControlError(400, 'tls: only a TCP proxy can terminate or originate TLS')
  if (carries !== undefined)
    throw new ControlError(400, 'carries: only TCP traffic is parsed; faults on UDP act on whole datagrams')
}

function refusePaths(settings: { readonly [Name in keyof ProxySettings]?: ProxySettings[Name] | undefined }): void {
  const { listen = '', upstream = '', mayNamePaths, tls, protocol, peers } = settings
  const isPathAt = (address: string) => address.startsWith('unix:')
  if (!isPathAt(listen) && !isPathAt(upstream)) return
  if (mayNamePaths !== true)
    throw new ControlError(403, 'unix: only --upstream, --listen and --config may name sockets of this machine')
  if (protocol === 'udp') throw new ControlError(400, 'unix: a UDP proxy listens on a port only')
  if (isPathAt(listen) && (tls?.terminate !== undefined || peers !== undefined))
    throw new ControlError(400, 'unix: clients of a socket have no address, which "tls.terminate" and "peers" need')
}

function validateUpstream(upstream: string): void {
  if (upstream === '') throw new ControlError(400, 'missing required field: upstream')
  parseAddress(upstream)
}

/** Runs the tasks of each name one at a time, in order. Tasks of different names do not wait for each other. */
type Serially = <T>(name: string, task: () => Promise<T>) => Promise<T>

function createSerially(): Serially {
  const last: Map<string, Promise<unknown>> = new Map()
  return async (name, task) => {
    const before = last.get(name)
    const mine = (async () => {
      // Ignore an error of the previous task, which the caller of that task handles.
      await before?.catch(() => undefined)
      return task()
    })()
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}
