import {
  type Fault,
  type HttpFault,
  httpFamily,
  isSurroundingFault,
  type Link,
  linkName,
  type MessageFault,
  messageFamily,
  type NodeFault,
  type NodeId,
  refusalText,
  type SurroundingFault,
  type TcpFault,
  tcpFamily,
} from '@chaosproxy/faults'
import type { FaultSupport, Heal, Injected } from '@chaosproxy/runner'
import type { RemoteProxies } from '../remote/remote-proxies.ts'
import type { ClusterNetwork } from './cluster-network.ts'
import { type Handover, nodeHarms, type Victim } from './node-harms.ts'

type Nodes = ReadonlyMap<NodeId, Victim>

/** Cuts links for datagrams, which do not pass the proxy. The proxy carries only the links' TCP connections. */
export interface DatagramCuts {
  /**
   * Cuts the datagrams of these links. Resolves with a function that heals the cut and returns the number of dropped
   * datagrams.
   */
  cut(links: readonly Link[]): Promise<() => Promise<number>>
}

export interface Vulnerable {
  readonly nodes: Nodes
  readonly network: ClusterNetwork
  readonly supports: (kind: Fault['kind']) => FaultSupport
  /** Endpoints of links other than nodes, such as services on which nodes depend. */
  readonly others?: readonly string[] | undefined
  readonly remotes?: RemoteProxies | undefined
  /** Cuts the datagrams of a link along with its connections; absent if no datagrams can be cut. */
  readonly datagrams?: DatagramCuts | undefined
  /** Makes a node fail over; absent if no command for it is declared. */
  readonly failover?: ((node: NodeId) => Promise<Handover>) | undefined
}

/** Injects a fault. Has no effect if the fault names an unknown node, or cannot be injected into the cluster. */
export async function inject(
  fault: Fault,
  { nodes, network, supports, others = [], remotes, datagrams, failover }: Vulnerable,
): Promise<Injected> {
  const support = supports(fault.kind)
  if (support !== true) return { type: 'failed', error: refusalText(support) }
  if (fault.kind === 'failover') return onLeadership(fault, nodes, failover)
  if ('nodes' in fault) return injectIntoNodes(fault, nodes)
  requireNodes(fault.links, nodes, others)
  if (tcpFamily.owns(fault)) return onConnections(fault, { network, remotes, datagrams })
  if (messageFamily.owns(fault)) return onMessages(fault, network)
  if (httpFamily.owns(fault)) return onRequests(fault, nodes, network)
  throw new Error(`${fault.kind} is refused above`)
}

async function onLeadership(
  fault: Extract<NodeFault, { readonly kind: 'failover' }>,
  nodes: Nodes,
  failover: Vulnerable['failover'],
): Promise<Injected> {
  if (failover === undefined) throw new Error('failover is refused above')
  // Called only for its check: `nodesOf` throws for an unknown node.
  nodesOf(fault.nodes, nodes)
  const handovers = await Promise.all(fault.nodes.map((node) => failover(node)))
  return injected(count(handovers.map(({ done }) => done)), () => Promise.all(handovers.map(({ undo }) => undo())))
}

async function bySurroundings(fault: SurroundingFault, nodes: Nodes): Promise<Injected> {
  const handovers = await Promise.all(
    nodesOf(fault.nodes, nodes).map((node) => {
      if (node.injectFault === undefined)
        throw new Error(
          `the programs of the node were started without support for ${fault.kind}. Name ${fault.kind} in --faults`,
        )
      return node.injectFault(fault)
    }),
  )
  return injected(
    () => handovers.filter(({ done }) => done).length,
    () => Promise.all(handovers.map((handover) => handover.undo())),
  )
}

/** Reports the outcome of an injection, or its error. */
export const reportTo = (report: (outcome: Injected) => void, injecting: Promise<Injected>): void =>
  void injecting.then(report, ({ message: error }: Error) => report({ type: 'failed', error }))

/** Injects a fault of nodes' processes. @throws for an unknown node or another kind of fault. */
export async function injectIntoNodes(
  fault: Exclude<NodeFault, { readonly kind: 'failover' }>,
  nodes: ReadonlyMap<NodeId, Victim>,
): Promise<Injected> {
  if (isSurroundingFault(fault)) return bySurroundings(fault, nodes)
  const harm = nodeHarms[fault.kind]
  if (harm === undefined) throw new Error(`${fault.kind} is refused above`)
  const victims = nodesOf(fault.nodes, nodes)
  const bites = await Promise.all(victims.map((node) => harm.strike(node)))
  return injected(count(bites), () => Promise.all(victims.map(async (node) => harm.heal(node))))
}

async function onConnections(
  fault: TcpFault,
  { network, remotes, datagrams }: Pick<Vulnerable, 'network' | 'remotes' | 'datagrams'>,
): Promise<Injected> {
  if (remotes !== undefined) return remotes.apply(fault, network.apply)
  const cutsAll = fault.kind === 'partition' || fault.kind === 'blackhole'
  if (datagrams === undefined || !cutsAll) return inForce(network.apply(fault))
  const mend = await datagrams.cut(fault.links)
  const applied = network.apply(fault)
  let dropped = 0
  return injected(
    () => applied.hits + dropped,
    async () => {
      applied.remove()
      dropped = await mend()
    },
  )
}

function onMessages(fault: MessageFault, network: ClusterNetwork): Injected {
  const ofClients = fault.links.find(({ from, to }) => from === 'clients' || to === 'clients')
  if (network.framesClients && ofClients !== undefined) return inForce(network.applyToMessages(fault))
  if (ofClients !== undefined) return wrongLink(fault, ofClients, 'between nodes')
  // The first line of a connection only identifies the sender, so faults do not affect this line.
  const afterMessages = Math.max(1, fault.when?.afterMessages ?? 0)
  return inForce(network.applyToMessages({ ...fault, when: { ...fault.when, afterMessages } }))
}

function onRequests(fault: HttpFault, nodes: Nodes, network: ClusterNetwork): Injected {
  const notRequests = fault.links.find(({ from }) => from !== 'clients')
  if (notRequests !== undefined) return wrongLink(fault, notRequests, 'from clients to nodes')
  if (fault.kind !== 'crash-before-reply') return inForce(network.applyToRequests(fault))
  const victims: Victim[] = []
  const spare = network.onCrash((id) => {
    for (const node of nodesOf([id], nodes)) {
      victims.push(node)
      void node.kill()
    }
  })
  const applied = network.applyToRequests(fault)
  return injected(
    () => applied.hits,
    () => {
      applied.remove()
      spare()
      return Promise.all(victims.map((node) => node.revive()))
    },
  )
}

const wrongLink = ({ kind }: Fault, link: Link, where: string): Injected => ({
  type: 'failed',
  error: `${linkName(link)} carries nothing that ${kind} can act on: use a link ${where}`,
})

const inForce = (applied: { readonly hits: number; remove(): void }): Injected =>
  injected(
    () => applied.hits,
    async () => applied.remove(),
  )

function injected(hits: () => number, undo: () => Promise<unknown>): Injected {
  let undone: Promise<unknown> | undefined
  const heal: Heal = (healed) => {
    undone ??= undo()
    undone.then(
      () => healed({ type: 'healed', hits: hits() }),
      (error: Error) => healed({ type: 'failed', error: error.message, hits: hits() }),
    )
  }
  return { type: 'injected', heal }
}

/** Checks that every link leads between known endpoints or clients. */
function requireNodes(links: readonly Link[], nodes: Nodes, others: readonly string[]): void {
  const ends = links.flatMap(({ from, to }) => [from, to])
  nodesOf(
    ends.filter((end) => end !== 'clients' && !others.includes(end)),
    nodes,
  )
}

const count = (bites: readonly boolean[]) => () => bites.filter(Boolean).length

function nodesOf(ids: readonly NodeId[], nodes: Nodes): Victim[] {
  return [...new Set(ids)].map((id) => {
    const node = nodes.get(id)
    if (node === undefined) throw new Error(`there is no node ${id}; there are ${[...nodes.keys()].join(', ')}`)
    return node
  })
}
