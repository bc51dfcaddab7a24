import type { Fault, Link, MessageHarm, NodeId } from '@chaos/faults'
import type { Heal, Injected } from '@chaos/runner'
import type { ClusterNetwork } from './cluster-network.ts'
import type { EmbeddedNode } from './embedded-node.ts'
import { refusalOf } from './suffers.ts'

/** Puts a fault in force; nothing of it where it names a node that is not there, or is none that processes can suffer. */
export async function inject(
  fault: Fault,
  nodes: ReadonlyMap<NodeId, EmbeddedNode>,
  network: ClusterNetwork,
): Promise<Injected> {
  const refused = refusalOf(fault.kind)
  if (refused !== undefined) return { type: 'failed', error: refused }
  switch (fault.kind) {
    case 'kill': {
      const victims = nodesOf(fault.nodes, nodes)
      const killed = await Promise.all(victims.map((node) => node.kill()))
      return injected(count(killed), () => Promise.all(victims.map((node) => node.revive())))
    }
    case 'pause': {
      const victims = nodesOf(fault.nodes, nodes)
      const paused = await Promise.all(victims.map((node) => node.pause()))
      return injected(count(paused), async () => {
        for (const node of victims) node.resume()
      })
    }
    case 'loss':
      return toMessages({ kind: 'drop-message' }, fault)
    case 'duplicate':
      return toMessages({ kind: 'duplicate-message', copies: 1 }, fault)
    case 'reorder':
      return toMessages({ kind: 'reorder-message', behind: 1, withinMs: fault.withinMs }, fault)
    case 'partition':
    case 'latency':
    case 'bandwidth':
    case 'reset': {
      requireNodes(fault.links, nodes)
      const applied = network.apply(fault)
      return injected(
        () => applied.hits,
        async () => applied.remove(),
      )
    }
    case 'crash':
    case 'clock':
    case 'corrupt':
      throw new Error(`${fault.kind} is refused above`)
    default:
      fault satisfies never
      throw new Error('an unknown kind of fault')
  }

  function toMessages(harm: MessageHarm, { links, probability }: OnMessages): Injected {
    requireNodes(links, nodes)
    // The first line of a connection says who speaks: the connection's, not a message between nodes.
    const applied = network.applyToMessages({ ...harm, links, when: { probability, afterMessages: 1 } })
    return injected(
      () => applied.hits,
      async () => applied.remove(),
    )
  }
}

type OnMessages = Extract<Fault, { readonly probability: number }>

function injected(hits: () => number, undo: () => Promise<unknown>): Injected {
  let undone: Promise<unknown> | undefined
  const heal: Heal = (healed) => {
    undone ??= undo()
    undone.then(
      () => healed({ type: 'healed', hits: hits() }),
      (error: Error) => healed({ type: 'failed', error: error.message }),
    )
  }
  return { type: 'injected', heal }
}

/** A link leads from a node, or from the clients, to another. */
function requireNodes(links: readonly Link[], nodes: ReadonlyMap<NodeId, EmbeddedNode>): void {
  const ends = links.flatMap(({ from, to }) => [from, to])
  nodesOf(
    ends.filter((end) => end !== 'clients'),
    nodes,
  )
}

const count = (bites: readonly boolean[]) => () => bites.filter(Boolean).length

function nodesOf(ids: readonly NodeId[], nodes: ReadonlyMap<NodeId, EmbeddedNode>): EmbeddedNode[] {
  return [...new Set(ids)].map((id) => {
    const node = nodes.get(id)
    if (node === undefined) throw new Error(`there is no node ${id}; there are ${[...nodes.keys()].join(', ')}`)
    return node
  })
}
