import { type Link, linkName } from '@chaosproxy/faults'
import type { Address } from '@chaosproxy/proxy'
import type { Keeper } from '../keeper/keeper.ts'
import type { ClusterNetwork, Listening } from '../network/cluster-network.ts'
import type { DatagramCuts } from '../network/inject.ts'
import { inTurn } from '../processes/in-turn.ts'
import { connectionName, type DirectTraffic, directTraffic, type LinkNames } from './direct-traffic.ts'
import type { Family } from './engine.ts'
import type { ClientAddress } from './entrance.ts'
import { openInnerRules } from './inner-rules.ts'
import { addLinkAddresses, type LinkAddresses } from './link-addresses.ts'
import { createLinkCuts } from './link-cuts.ts'
import { connectedTo, listeningPorts, listeningPorts6 } from './listening-ports.ts'
import type { Member } from './members.ts'
import { endConnections, openProbes, PROBED_PORT } from './probe.ts'
import type { Unproved } from './proof.ts'
import { type ContainerRules, openRules, type RedirectedPort } from './redirection.ts'

interface Medium {
  readonly network: string
  readonly family: Family
}

/** A link between two containers within one network. All ports of `to` share one address of the proxy, `via`. */
interface Way extends Medium {
  readonly from: Member
  readonly to: Member
  readonly via: string
  readonly ports: Map<number, Address>
}

export interface ContainerLinksOptions {
  readonly project: string
  readonly members: () => readonly Member[]
  readonly clientAddress: ClientAddress
  readonly network: ClusterNetwork
  readonly keeper: Keeper
}

/** Links that lead through the proxy. The proxy itself cuts TCP, and `cut` cuts all other traffic. */
export interface ContainerLinks extends DatagramCuts {
  /**
   * Follows changes of addresses, containers and ports.
   *
   * @param looksAt The containers whose ports are read again; by default all.
   */
  refresh(looksAt?: (member: Member) => boolean): Promise<void>
  /** Returns when the rules were last changed, in milliseconds since 1970. */
  inForceSince(): number
  /** Moves the rules into the containers' own networks. Some bridges bypass the rules in the engine's network. */
  enter(): Promise<void>
  unproved(): Promise<readonly Unproved[]>
  /** Resolves with the traffic that bypassed the proxy, or was refused, since `endOlder`. */
  direct(): Promise<DirectTraffic>
  /**
   * Ends the connections that were opened before the rules that redirect traffic to the proxy. Later calls of `direct`
   * omit all connections that the rules have refused up to now.
   */
  endOlder(): Promise<void>
  /** Lets all new traffic pass directly. Existing connections stay in the proxy until the proxy closes. */
  release(): Promise<void>
  close(): Promise<void>
}

export const CLIENT_PORT = 'client'

/** @throws UserError (environment) if the system refuses the rules or the addresses. */
export async function openContainerLinks(options: ContainerLinksOptions): Promise<ContainerLinks> {
  const { project, members, network, keeper } = options
  // The nftables table of `outer` stays open until the end, even if inner rules (see `openInnerRules`) have replaced
  // its rules. While it is open, no other run can use these containers (see `openRules`).
  const outer = await openRules(project, keeper)
  let rules = outer
  const ways: Way[] = []
  const added: LinkAddresses[] = []
  const names = createNames()
  const older = new Set<string>()
  const portsOf = createKnownPorts()
  const isNew = createNewWays()
  let inForceSince = Date.now()
  let inForce = ''
  let ending: Promise<unknown> = Promise.resolve()
  let released = false
  // Each step replaces the rules of the previous one.
  const next = inTurn()
  const cuts = createLinkCuts({
    ...{ rules: () => rules, isOver: () => released, next },
    pairsOf: (links) => waysOf(ways, links).flatMap(pairOf),
  })

  async function follow(looksAt: (member: Member) => boolean = () => true): Promise<void> {
    if (released) return
    added.push(...addWays(ways, members(), keeper))
    await openPorts(ways, network, new Map(members().map((member) => [member, portsOf(member, looksAt(member))])))
    for (const member of members())
      network.moved(member.endpoint, whereabouts(member, ways, options.clientAddress(member)))
    const redirected = ways.flatMap(redirectedOf)
    const pairs = ways.flatMap(pairOf)
    const wanted = JSON.stringify([redirected, pairs])
    if (wanted === inForce) return cuts.follow()
    names.learn(ways)
    await rules.redirect(redirected, pairs)
    await cuts.follow()
    inForce = wanted
    inForceSince = Date.now()
    // Connections that were opened before these rules bypass the proxy, so they are ended. `follow` does not wait for
    // their end, because other changes must not be delayed.
    const connected = connectedAmong(isNew(ways, rules === outer))
    ending = Promise.all([ending, endOlderThanRules(connected)])
  }

  return {
    refresh: (looksAt) => next(() => follow(looksAt)),
    inForceSince: () => inForceSince,
    enter: () =>
      next(async () => {
        await outer.release()
        rules = openInnerRules(project, keeper, () => processesOf(members()))
        inForce = ''
        await follow()
      }),
    unproved: () => next(() => unprovedOf(ways, rules)),
    direct: async () => directTraffic(await rules.refused(), names, older),
    async endOlder() {
      await endOlderThanRules(ways)
      for (const connection of (await rules.refused()).connections) older.add(connectionName(connection))
    },
    cut: cuts.cut,
    release: () =>
      next(async () => {
        released = true
        await rules.release()
      }),
    async close() {
      await ending
      if (rules !== outer) await rules.close()
      await outer.close()
      for (const addresses of added) addresses.close()
    },
  }
}

const waysOf = (ways: readonly Way[], links: readonly Link[]): readonly Way[] => {
  const names = new Set(links.map(linkName))
  return ways.filter(({ from, to }) => names.has(`${from.endpoint}>${to.endpoint}`))
}

async function openPorts(
  ways: readonly Way[],
  network: ClusterNetwork,
  listening: ReadonlyMap<Member, KnownPorts>,
): Promise<void> {
  const opening = ways.flatMap((way) =>
    (listening.get(way.to)?.[way.family] ?? []).filter((port) => !way.ports.has(port)).map((port) => ({ way, port })),
  )
  await Promise.all(
    opening.map(async ({ way, port }) => {
      const { from, to, via, ports } = way
      const link = { from: from.endpoint, to: to.endpoint, port: portName(way, port) }
      await network.addLink({ ...link, listen: { host: via, port: 0 }, source: via })
      ports.set(port, network.peerAddress(link.from, link.to, link.port))
    }),
  )
}

const processesOf = (members: readonly Member[]): ReadonlyMap<string, number> =>
  new Map(
    members
      .filter(({ container }) => container.running)
      .flatMap(({ container: { networks, pid } }) => networks.map(({ address }) => [address, pid] as const)),
  )

const portName = ({ network, family }: Medium, port: number): string => `${network}/IPv${family}:${port}`

/** The ports on which a container listens, by the address family that reaches them. */
type KnownPorts = { readonly [family in Family]: readonly number[] }

/**
 * Reads and caches the ports of a container. The read is expensive, because the kernel walks through all sockets of the
 * machine.
 */
function createKnownPorts(): (member: Member, reads: boolean) => KnownPorts {
  const known = new Map<number, KnownPorts>()
  return ({ container: { running, pid, networks } }, reads) => {
    if (!running) return NONE
    // A container that has just started does not listen yet, so its ports are not read.
    if (!reads) return known.get(pid) ?? NONE
    const found = {
      4: listeningPorts(pid),
      6: networks.some(({ family }) => family === 6) ? listeningPorts6(pid) : [],
    }
    known.set(pid, found)
    return found
  }
}

const NONE: KnownPorts = { 4: [], 6: [] }

const isIn = (a: Medium, b: Medium): boolean => a.network === b.network && a.family === b.family

/** Adds the missing links, and returns their addresses. */
function addWays(ways: Way[], members: readonly Member[], keeper: Keeper): readonly LinkAddresses[] {
  const missing = missingOf(members, ways)
  if (missing.length === 0) return []
  const more = addLinkAddresses(
    missing.map(({ family }) => family),
    keeper,
  )
  for (const [i, pair] of missing.entries()) ways.push({ ...pair, via: more.addresses[i] ?? '', ports: new Map() })
  return [more]
}

const missingOf = (members: readonly Member[], ways: readonly Way[]): ReturnType<typeof pairsOf> =>
  pairsOf(members).filter(
    (pair) => !ways.some((way) => way.from === pair.from && way.to === pair.to && isIn(way, pair)),
  )

function pairsOf(members: readonly Member[]): (Medium & { readonly from: Member; readonly to: Member })[] {
  return members.flatMap((from) =>
    members
      .filter((to) => to !== from)
      .flatMap((to) =>
        from.container.networks
          .filter(({ name, family }) =>
            to.container.networks.some((other) => other.name === name && other.family === family),
          )
          .map(({ name, family }) => ({ from, to, network: name, family })),
      ),
  )
}

const addressIn = ({ container }: Member, { network, family }: Medium): string | undefined =>
  container.running
    ? container.networks.find((each) => each.name === network && each.family === family)?.address
    : undefined

/** Returns the addresses of both ends; none while one end is down. */
function pairOf(way: Way): readonly (readonly [string, string])[] {
  const [source, target] = [addressIn(way.from, way), addressIn(way.to, way)]
  return source === undefined || target === undefined ? [] : [[source, target]]
}

const redirectedOf = (way: Way): readonly RedirectedPort[] =>
  pairOf(way).flatMap(([from, to]) => [...way.ports].map(([port, via]) => ({ from, to, port, via })))

/**
 * Returns the addresses on which the container listens; none while it is down, because another container may get its
 * addresses.
 */
function whereabouts({ endpoint }: Member, ways: readonly Way[], clients: Address | undefined): Listening {
  const found: { [name: string]: Address } = clients === undefined ? {} : { [CLIENT_PORT]: clients }
  for (const way of ways) {
    const host = way.to.endpoint === endpoint ? addressIn(way.to, way) : undefined
    if (host !== undefined) for (const each of way.ports.keys()) found[portName(way, each)] = { host, port: each }
  }
  return found
}

async function unprovedOf(ways: readonly Way[], rules: ContainerRules): Promise<readonly Unproved[]> {
  const probed = ways.flatMap((way) =>
    pairOf(way).map(([from, to]) => ({ way, from, to, via: way.via, pid: way.from.container.pid })),
  )
  const probes = await openProbes(probed)
  try {
    const ports = [...probes.listening].map(([{ from, to }, via]) => ({ from, to, port: PROBED_PORT, via }))
    await rules.redirect([...ways.flatMap(redirectedOf), ...ports])
    const lost = await probes.send()
    await rules.redirect(ways.flatMap(redirectedOf))
    return lost.map(({ way: { from, to, family } }) => ({ from: from.endpoint, to: to.endpoint, family }))
  } finally {
    await probes.close()
  }
}

/** Remembers links by their addresses, and the ports on which a container has listened. */
function createNames(): LinkNames & { learn(ways: readonly Way[]): void } {
  const links = new Map<string, string>()
  const listening = new Set<string>()
  return {
    link: (from, to) => links.get(`${from}>${to}`),
    listens: (address, port) => listening.has(`${address}:${port}`),
    learn(ways) {
      for (const way of ways)
        for (const [from, to] of pairOf(way)) {
          links.set(`${from}>${to}`, `${way.from.endpoint}>${way.to.endpoint}`)
          for (const port of way.ports.keys()) listening.add(`${to}:${port}`)
        }
    },
  }
}

/**
 * Creates a function that returns those of the given links that no earlier call contained. The first call only
 * remembers its links, and returns none.
 */
function createNewWays(): (ways: readonly Way[], rulesLast: boolean) => readonly Way[] {
  const known = new Set<string>()
  return (ways, rulesLast) => {
    const isFirst = known.size === 0
    // The rules in a container's own network (see `openInnerRules`) end with the container's process. So after a
    // restart of the container, its links count as new.
    const keysOf = (way: Way) =>
      pairOf(way).map((pair) => [...pair, ...(rulesLast ? [] : [way.from.container.pid])].join())
    const added = ways.filter((way) => keysOf(way).some((key) => !known.has(key)))
    for (const key of ways.flatMap(keysOf)) known.add(key)
    return isFirst ? [] : added
  }
}

/**
 * Returns the links that have a connection. Reading a container takes milliseconds, so only one container of each link
 * is read. It is the container that started later: after a restart, this one container has all new links.
 */
function connectedAmong(ways: readonly Way[]): readonly Way[] {
  const startedAt = ({ container: { startedAtMs = 0 } }: Member) => startedAtMs
  const peers = new Map<number, { readonly way: Way; readonly peer: string }[]>()
  for (const way of ways)
    for (const [from, to] of pairOf(way)) {
      const isFrom = startedAt(way.from) >= startedAt(way.to)
      const { pid } = (isFrom ? way.from : way.to).container
      peers.set(pid, [...(peers.get(pid) ?? []), { way, peer: isFrom ? to : from }])
    }
  return [...peers].flatMap(([pid, all]) => {
    const connected = connectedTo(
      pid,
      all.map(({ peer }) => peer),
    )
    return all.filter(({ peer }) => connected.includes(peer)).map(({ way }) => way)
  })
}

async function endOlderThanRules(ways: readonly Way[]): Promise<void> {
  const pids = [...new Set(ways.map(({ from }) => from.container.pid))].filter((pid) => pid !== 0)
  const peersOf = (pid: number) =>
    ways.filter(({ from }) => from.container.pid === pid).flatMap((way) => pairOf(way).map(([, to]) => to))
  await Promise.all(pids.map((pid) => endConnections(pid, peersOf(pid))))
}

export const lostLinks = (error: Error): string =>
  `the links between containers could not be updated to the current containers: ${error.message}`
