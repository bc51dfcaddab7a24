import type { Endpoint, Link } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Intercept } from '../interceptor.ts'
import type { Network } from '../network.ts'
import type { Identification, PeerFinder } from '../peer/peers.ts'
import { ownAddress } from '../peer/peers.ts'
import { hostAndPort } from '../tcp/host-and-port.ts'
import type { Route } from '../tcp/route.ts'
import type { TlsOptions } from '../tls/tls-options.ts'
import type { DatagramRoute } from '../udp/datagram-route.ts'
import { parseAddress, resolveAddress, shorten } from './address.ts'
import type { Carriage } from './carriage.ts'
import { ControlError } from './errors.ts'
import { findRoundTrip, type Hop } from './round-trip.ts'
import { createSerially } from './serial.ts'

/** A proxy as it is asked for. */
export interface ProxySettings {
  readonly name: string
  /** `host:port`; port 0 is any free one, and the empty text any free one on every address. */
  readonly listen: string
  readonly upstream: string
  readonly enabled: boolean
  /** The ends of its two links; by default `clients` and the proxy's own name. */
  readonly from?: Endpoint | undefined
  readonly to?: Endpoint | undefined
  /** By default TCP. */
  readonly protocol?: 'tcp' | 'udp' | undefined
  /** What its bytes are, where single requests or messages are to be hurt or recorded. */
  readonly carries?: Carriage | undefined
  /** Where TLS is to end and begin anew; passed through without it. */
  readonly tls?: TlsOptions | undefined
  /** Who dials, where several nodes share the proxy's address. */
  readonly peers?: PeerFinder | undefined
  /** The nodes that it knows. */
  readonly peerNames?: readonly Endpoint[] | undefined
}

/** What is to be different; what is absent stays. */
export type ProxyChange = {
  readonly [Name in 'listen' | 'upstream' | 'enabled']?: ProxySettings[Name] | undefined
}

/** A proxy as it is. */
export interface ManagedProxy {
  readonly name: string
  /** Where it listens: the address as resolved, once it has been enabled. */
  readonly listen: string
  readonly upstream: string
  readonly enabled: boolean
  /** Client to server. */
  readonly forward: Link
  /** Server to client. */
  readonly backward: Link
  /** Everybody who may dial, each with links of its own: `from` and, where several share the address, the peers. */
  readonly callers: readonly Endpoint[]
  readonly protocol: 'tcp' | 'udp'
  /** What clients have to trust, in PEM, where a certificate was made for it. */
  readonly authority: string | undefined
  /** How it is known who dials, and how often it was found out. */
  readonly identification: Identification
  /** Of UDP, clients that were heard of lately. */
  readonly liveConnections: number
}

/** The proxies by name. What is done to one of them happens in the order asked for. */
export interface ProxySet {
  /** In order of their names. */
  list(): readonly ManagedProxy[]
  /** @throws ControlError (404) */
  get(name: string): ManagedProxy
  /** @throws ControlError (400, 409), UserError (environment) where it cannot listen; then it is not added. */
  create(settings: ProxySettings): Promise<ManagedProxy>
  /**
   * A new address, to listen on or to reach, resets its connections; faults stay. Where it cannot listen it stays, and
   * is disabled.
   */
  update(name: string, change: ProxyChange): Promise<ManagedProxy>
  /** Whether it listens at, and leads to, just these addresses. */
  isAt(name: string, addresses: Pick<ProxySettings, 'listen' | 'upstream'>): Promise<boolean>
  /** Frees its port and resets its connections. @throws ControlError (404) */
  remove(name: string): Promise<void>
}

export interface ProxySetOptions {
  readonly network: Pick<Network, 'route' | 'datagramRoute'>
  /** What reads each connection of a proxy that knows what it carries. */
  readonly interceptFor: (carries: Carriage, link: Link) => Promise<Intercept>
  /** Done before its first client can come. */
  readonly prepare: (carries: Carriage, way: PreparedWay) => Promise<void>
  /** Finds the process that dials, where clients are told apart by it. */
  readonly processesFor: (carries: Carriage) => Promise<PeerFinder | undefined>
}

/** From whom to whom, and where that is. */
export interface PreparedWay extends Link {
  readonly upstream: { readonly host: string; readonly port: number }
}

const LONGEST_NAME = 256

interface Entry {
  readonly name: string
  readonly from: Endpoint
  readonly to: Endpoint
  listen: string
  upstream: string
  readonly protocol: 'tcp' | 'udp'
  readonly tls: TlsOptions | undefined
  readonly peers: PeerFinder | undefined
  readonly callers: readonly Endpoint[]
  /** The same from the start, so that what it carries is known before it is enabled. */
  readonly intercept: Intercept | undefined
  readonly processes: PeerFinder | undefined
  readonly carries: Carriage | undefined
  /** What comes before its first client is done. */
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
    const from = settings.from ?? 'clients'
    // A proxy may be named like the clients; its ends must differ all the same.
    const to = settings.to ?? (name === from ? `${name} (proxy)` : name)
    const { protocol = 'tcp', carries, tls, peers, peerNames = [] } = settings
    if (protocol === 'udp') refuseForDatagrams(settings)
    const callers = [...new Set([from, ...peerNames])]
    refuseTakenLink(entries, { from, to })
    const intercept = carries === undefined ? undefined : await interceptFor(carries, { from, to })
    const processes = carries === undefined ? undefined : await processesFor(carries)
    // Another may have come meanwhile.
    refuseTakenLink(entries, { from, to })
    const addresses = { listen, upstream }
    const entry: Entry = {
      name,
      from,
      to,
      protocol,
      tls,
      peers,
      callers,
      intercept,
      processes,
      carries,
      isPrepared: false,
      ...addresses,
      route: undefined,
    }
    if (settings.enabled) await start(entry)
    entries.set(name, entry)
    return viewOf(entry)
  }

  async function update(name: string, change: ProxyChange): Promise<ManagedProxy> {
    const entry = find(name)
    const { listen = entry.listen, upstream = entry.upstream, enabled = entry.route !== undefined } = change
    if (await differs(entry, listen, upstream)) {
      await stop(entry)
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
      validateName(settings.name)
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
 * Opens the proxy's route. @throws UserError (usage) if its connections would come back to it; then it is closed
 * again.
 */
async function startAmong(
  entries: ReadonlyMap<string, Entry>,
  entry: Entry,
  { network, prepare }: Pick<ProxySetOptions, 'network' | 'prepare'>,
): Promise<void> {
  const upstream = parseAddress(entry.upstream)
  const options = {
    from: entry.from,
    to: entry.to,
    upstream: { host: upstream.host === '' ? 'localhost' : upstream.host, port: upstream.port },
    listen: await resolveAddress(parseAddress(entry.listen === '' ? ':0' : entry.listen)),
  }
  if (entry.carries !== undefined && !entry.isPrepared) await prepare(entry.carries, options)
  entry.isPrepared = true
  const route =
    entry.protocol === 'udp'
      ? await network.datagramRoute(options)
      : await network.route({
          ...options,
          intercept: entry.intercept,
          tls: entry.tls,
          peers: entry.peers,
          processes: entry.processes,
        })
  entry.route = route
  entry.listen = hostAndPort(route)
  // Not before: only now is it known which port it has.
  const round = await findRoundTrip(
    entry,
    [...entries.values()].filter(({ route: open }) => open !== undefined),
  )
  if (round === undefined) return
  await stop(entry)
  throw leadsToItself(round)
}

async function stop(entry: Entry): Promise<void> {
  const route = entry.route
  entry.route = undefined
  await route?.close()
}

function refuseTakenLink(entries: ReadonlyMap<string, Entry>, { from, to }: Link): void {
  const rival = [...entries.values()].find((other) => other.from === from && other.to === to)
  if (rival !== undefined)
    throw new ControlError(409, `proxy "${shorten(rival.name)}" already carries the link ${shorten(`${from}>${to}`)}`)
}

function leadsToItself(round: readonly [Hop, ...Hop[]]): UserError {
  const [first, ...others] = round
  const way = [first, ...others, first].map(({ name }) => shorten(name)).join(' → ')
  return new UserError(
    'usage',
    others.length === 0
      ? `proxy ${shorten(first.name)}: its upstream ${first.upstream} is where it listens itself (${first.listen}). Give the address of the server.`
      : `proxy ${shorten(first.name)}: it leads back to itself (${way}). Let one of them lead to the server.`,
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
    identification: route !== undefined && 'identification' in route ? route.identification : identificationBy(entry),
    liveConnections: route === undefined ? 0 : 'liveSessions' in route ? route.liveSessions : route.liveConnections,
  }
}

/** The links of a proxy in one direction, or in both: those of every caller. */
export function linksOf(proxy: ManagedProxy, direction: 'both' | 'upstream' | 'downstream' = 'both'): readonly Link[] {
  const { to } = proxy.forward
  const upstream = proxy.callers.map((from) => ({ from, to }))
  const downstream = proxy.callers.map((caller) => ({ from: to, to: caller }))
  return direction === 'upstream' ? upstream : direction === 'downstream' ? downstream : [...upstream, ...downstream]
}

/** While it is not enabled. */
const identificationBy = ({ peers }: Entry): Identification =>
  peers === undefined ? ownAddress : { by: peers.by, known: 0, unknown: 0 }

/** Host names are compared as resolved: `localhost:1` is `127.0.0.1:1`. */
async function differs(entry: Entry, listen: string, upstream: string): Promise<boolean> {
  return (await isOther(entry.listen, listen)) || (await isOther(entry.upstream, upstream))
}

async function isOther(now: string, wanted: string): Promise<boolean> {
  if (now === wanted) return false
  const address = parseAddress(wanted)
  try {
    return hostAndPort(await resolveAddress(parseAddress(now))) !== hostAndPort(await resolveAddress(address))
  } catch {
    // A name that is not known now may be one later: it is another, and starting says what is wrong with it.
    return true
  }
}

function validateName(name: string): void {
  if (name === '') throw new ControlError(400, 'missing required field: name')
  if (name.length > LONGEST_NAME)
    throw new ControlError(400, `the name of a proxy has ${name.length} letters; at most ${LONGEST_NAME} are allowed`)
  if (NO_PATH_SEGMENT.test(name))
    throw new ControlError(400, `no URL could say the name ${JSON.stringify(name)}: give a proxy another`)
}

/** Clients take dots for steps up, and terminals do as control characters say. */
const NO_PATH_SEGMENT = /^\.\.?$|\p{Cc}/u

function refuseForDatagrams({ carries, tls, peers }: ProxySettings): void {
  if (peers !== undefined)
    throw new ControlError(400, 'peers: who dials is found out for TCP only; give each link of UDP a proxy of its own')
  if (tls !== undefined) throw new ControlError(400, 'tls: it ends and begins on TCP only')
  if (carries !== undefined)
    throw new ControlError(400, 'carries: what a proxy carries is read of TCP only; datagrams are hurt as they are')
}

function validateUpstream(upstream: string): void {
  if (upstream === '') throw new ControlError(400, 'missing required field: upstream')
  parseAddress(upstream)
}
