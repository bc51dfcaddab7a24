import type { UserError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { Keeper } from '../command/keeper.ts'
import type { ClusterNetwork, Listening } from '../network/cluster-network.ts'
import { openInnerRules } from './inner-rules.ts'
import { addLinkAddresses, type LinkAddresses } from './link-addresses.ts'
import { listeningPorts } from './listening-ports.ts'
import type { Member } from './members.ts'
import { endConnections, openProbes, PROBED_PORT } from './probe.ts'
import { type ContainerRules, openRules, type RedirectedPort } from './redirection.ts'

/** From one container to another within one network: the ports of `to` share its address of ours. */
interface Way {
  readonly from: Member
  readonly to: Member
  readonly network: string
  readonly via: string
  /** Where the proxy listens for each port of `to`. */
  readonly ports: Map<number, Address>
}

export interface ContainerLinksOptions {
  readonly project: string
  readonly members: () => readonly Member[]
  /** The port of nodes that clients dial; undefined while there are none. */
  readonly clientPort: () => number | undefined
  readonly network: ClusterNetwork
  readonly keeper: Keeper
}

/** The links between containers, each led to a route of the proxy of its own. */
export interface ContainerLinks {
  /** Follows what changed: addresses, containers, ports that were opened. */
  refresh(): Promise<void>
  /** Moves the rules into the containers' own networks, for bridges that bypass those of the engine's. */
  enter(): Promise<void>
  /** The ways on which nothing sent by one container arrived at the proxy, as `n1>n2`. */
  unproved(): Promise<readonly string[]>
  /** Packets that were not for the proxy and were refused, by `n1>n2`. */
  direct(): Promise<ReadonlyMap<string, number>>
  /** Ends connections between containers that are older than the rules. */
  endOlder(): Promise<void>
  /** Lets everything pass directly; what passes through the proxy goes on until it closes. */
  release(): Promise<void>
  close(): Promise<void>
}

/** The name of the port that clients dial, in the network of the cluster. */
export const CLIENT_PORT = 'client'

/** @throws UserError (environment) if the system refuses the rules or the addresses. */
export async function openContainerLinks(options: ContainerLinksOptions): Promise<ContainerLinks> {
  const { project, members, network, keeper } = options
  // It stays to the end, if only as what nobody else can have.
  const outer = await openRules(project)
  let rules = outer
  const ways: Way[] = []
  const added: LinkAddresses[] = []
  const names = new Map<string, string>()
  let inForce = ''
  let released = false
  const next = inTurn()

  function addWays(): void {
    const missing = pairsOf(members()).filter(
      ({ from, to, network: name }) => !ways.some((way) => way.from === from && way.to === to && way.network === name),
    )
    if (missing.length === 0) return
    const more = addLinkAddresses(missing.length, keeper)
    added.push(more)
    for (const [i, pair] of missing.entries()) ways.push({ ...pair, via: more.addresses[i] ?? '', ports: new Map() })
  }

  async function openPorts(): Promise<void> {
    const listening = new Map(members().map((member) => [member, portsOf(member)]))
    const opening = ways.flatMap((way) =>
      (listening.get(way.to) ?? []).filter((port) => !way.ports.has(port)).map((port) => ({ way, port })),
    )
    await Promise.all(
      opening.map(async ({ way: { from, to, network: name, via, ports }, port }) => {
        const link = { from: from.endpoint, to: to.endpoint, port: portName(name, port) }
        await network.addLink({ ...link, listen: { host: via, port: 0 }, source: via })
        ports.set(port, network.peerAddress(link.from, link.to, link.port))
      }),
    )
  }

  async function follow(): Promise<void> {
    if (released) return
    addWays()
    await openPorts()
    for (const member of members()) network.moved(member.endpoint, whereabouts(member, ways, options.clientPort()))
    const redirected = ways.flatMap(redirectedOf)
    const wanted = JSON.stringify(redirected)
    if (wanted === inForce) return
    const pairs = ways.flatMap(pairOf)
    for (const way of ways)
      for (const [a, b] of pairOf(way)) names.set(`${a}>${b}`, `${way.from.endpoint}>${way.to.endpoint}`)
    await rules.redirect(redirected)
    await rules.refuseDirect(pairs)
    inForce = wanted
  }

  return {
    refresh: () => next(follow),
    enter: () =>
      next(async () => {
        await outer.release()
        rules = openInnerRules(project, () => processesOf(members()))
        inForce = ''
        await follow()
      }),
    unproved: () => next(() => unprovedOf(ways, rules)),
    direct: async () => byLink(await rules.refused(), names),
    endOlder: () => endOlderThanRules(ways),
    release: () =>
      next(async () => {
        released = true
        await rules.release()
      }),
    async close() {
      if (rules !== outer) await rules.close()
      await outer.close()
      for (const addresses of added) addresses.close()
    },
  }
}

/** Runs steps one after another: each replaces the rules of the one before. */
function inTurn(): <T>(step: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (step) => {
    const done = last.catch(() => undefined).then(step)
    last = done
    return done
  }
}

/** The first process of each container that runs, by its addresses. */
const processesOf = (members: readonly Member[]): ReadonlyMap<string, number> =>
  new Map(
    members
      .filter(({ container }) => container.running)
      .flatMap(({ container: { networks, pid } }) => networks.map(({ address }) => [address, pid] as const)),
  )

const portName = (network: string, port: number): string => `${network}:${port}`

const portsOf = ({ container: { running, pid } }: Member): readonly number[] => (running ? listeningPorts(pid) : [])

function pairsOf(
  members: readonly Member[],
): { readonly from: Member; readonly to: Member; readonly network: string }[] {
  return members.flatMap((from) =>
    members
      .filter((to) => to !== from)
      .flatMap((to) =>
        from.container.networks
          .filter(({ name }) => to.container.networks.some((other) => other.name === name))
          .map(({ name }) => ({ from, to, network: name })),
      ),
  )
}

const addressIn = ({ container }: Member, network: string): string | undefined =>
  container.running ? container.networks.find(({ name }) => name === network)?.address : undefined

/** The addresses of both ends; none while one of them does not run. */
function pairOf({ from, to, network }: Way): readonly (readonly [string, string])[] {
  const [source, target] = [addressIn(from, network), addressIn(to, network)]
  return source === undefined || target === undefined ? [] : [[source, target]]
}

const redirectedOf = (way: Way): readonly RedirectedPort[] =>
  pairOf(way).flatMap(([from, to]) => [...way.ports].map(([port, via]) => ({ from, to, port, via })))

/** Where the container listens; undefined while it does not run, since another one may get its address. */
function whereabouts(
  { endpoint, container, ...member }: Member,
  ways: readonly Way[],
  port: number | undefined,
): Listening | undefined {
  if (!container.running) return undefined
  const [first] = container.networks
  const found: { [name: string]: Address } = {}
  if (member.isNode && first !== undefined && port !== undefined) found[CLIENT_PORT] = { host: first.address, port }
  for (const { to, network, ports } of ways) {
    const host = to.endpoint === endpoint ? addressIn(to, network) : undefined
    if (host !== undefined) for (const each of ports.keys()) found[portName(network, each)] = { host, port: each }
  }
  return found
}

/** Sends a probe over every way that is open now. */
async function unprovedOf(ways: readonly Way[], rules: ContainerRules): Promise<readonly string[]> {
  const probed = ways.flatMap((way) =>
    pairOf(way).map(([from, to]) => ({ way, from, to, via: way.via, pid: way.from.container.pid })),
  )
  const probes = await openProbes(probed)
  try {
    const ports = [...probes.listening].map(([{ from, to }, via]) => ({ from, to, port: PROBED_PORT, via }))
    await rules.redirect([...ways.flatMap(redirectedOf), ...ports])
    const lost = await probes.send()
    await rules.redirect(ways.flatMap(redirectedOf))
    return [...new Set(lost.map(({ way }) => `${way.from.endpoint}>${way.to.endpoint}`))]
  } finally {
    await probes.close()
  }
}

function byLink(refused: ReadonlyMap<string, number>, names: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [pair, packets] of refused) {
    const name = names.get(pair) ?? pair
    if (packets > 0) counts.set(name, (counts.get(name) ?? 0) + packets)
  }
  return counts
}

async function endOlderThanRules(ways: readonly Way[]): Promise<void> {
  const pids = [...new Set(ways.map(({ from }) => from.container.pid))].filter((pid) => pid !== 0)
  const peersOf = (pid: number) =>
    ways.filter(({ from }) => from.container.pid === pid).flatMap((way) => pairOf(way).map(([, to]) => to))
  await Promise.all(pids.map((pid) => endConnections(pid, peersOf(pid))))
}

/** What a failed refresh says, for the list of what went wrong in a run. */
export const lostLinks = (error: UserError | Error): string => `links could not follow the containers: ${error.message}`
