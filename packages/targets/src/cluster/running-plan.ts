import type { NodeId } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import { parseFraming } from '@chaosproxy/wire'
import type { Placeholders } from '../command/placeholders.ts'
import { readinessAt } from '../command/placeholders.ts'
import type { Readiness } from '../command/readiness.ts'
import { wordsOf } from '../command/words.ts'
import type { PeerLink } from '../network/cluster-network.ts'
import { planRemotes, type RemotePlan } from '../remote/remote-plan.ts'
import { type CommandFault, planFault, requireFilled } from './command-fault.ts'
import { nodeIds, type RunningDeclaration } from './declaration.ts'
import { type Addresses, addAddresses } from './node-placeholders.ts'
import { planReadiness, portNamed } from './parts.ts'
import type { RunningNodeOptions } from './running-node.ts'

export interface RunningPlan {
  readonly clientPort: string
  readonly nodes: readonly RunningNodePlan[]
  readonly links: readonly PeerLink[]
  /** The proxies on other hosts, with the links that they carry. */
  readonly remotes: readonly RemotePlan[]
  readonly faults: RunningNodeOptions['faults']
  readonly failover: CommandFault | undefined
}

type RunningNodePlan = Pick<RunningNodeOptions, 'id' | 'addresses' | 'placeholders' | 'readiness'>

/** @throws UserError (input) for members that contradict each other. */
export function planRunning(declaration: RunningDeclaration, where: string, directory: string): RunningPlan {
  const ids = nodeIds(declaration)
  const [clientPort] = Object.keys(declaration.nodes[0]?.addresses ?? {})
  if (clientPort === undefined)
    throw inputError(`${where}: nodes[0].addresses is empty. Give the address that clients dial.`)
  const faults = {
    kill: planFault(declaration.faults?.kill, `${where}: faults.kill`),
    pause: planFault(declaration.faults?.pause, `${where}: faults.pause`),
  }
  const nodes = ids.map((id, index) => nodeOf(declaration, index, { id, where, clientPort }))
  for (const { placeholders } of nodes) for (const fault of Object.values(faults)) requireFilled(fault, placeholders)
  const failover = planFault(declaration.faults?.failover, `${where}: faults.failover`)
  for (const { placeholders } of nodes) requireFilled(failover, placeholders)
  const remotes = planRemotes(declaration.proxies ?? [], { ids, where, directory })
  return { clientPort, nodes, links: linksOf(declaration, remotes, { ids, where }), remotes, faults, failover }
}

interface NodePlace {
  readonly id: NodeId
  readonly where: string
  readonly clientPort: string
}

function nodeOf(declaration: RunningDeclaration, index: number, { id, where, clientPort }: NodePlace): RunningNodePlan {
  const { addresses: declared = {}, values = {} } = declaration.nodes[index] ?? {}
  const addresses = Object.fromEntries(Object.entries(declared).map(([name, text]) => [name, addressOf(text)]))
  if (addresses[clientPort] === undefined)
    throw inputError(
      `${where}: clients dial the port ${clientPort} of n1, but nodes[${index}].addresses has no address for this port. Add the address.`,
    )
  const placeholders: { [name: string]: string | number } = { node: id, number: index + 1 }
  for (const [name, value] of Object.entries(values)) placeholders[`value.${name}`] = value
  addAddresses(placeholders, 'address', addresses, Object.keys(addresses))
  return {
    id,
    addresses,
    placeholders,
    readiness: readinessOf(declaration, { where, addresses, placeholders, clientPort }),
  }
}

interface ReadinessPlace {
  readonly where: string
  readonly clientPort: string
  readonly addresses: Addresses
  readonly placeholders: Placeholders
}

function readinessOf({ ready }: RunningDeclaration, place: ReadinessPlace): Readiness {
  const { where, addresses, placeholders, clientPort } = place
  const at = (port: string | undefined): Address => {
    const names = Object.keys(addresses).map((name) => ({ name }))
    const name = portNamed(port, [{ name: clientPort }, ...names], `${where}: ready`)
    return addresses[name] ?? { host: '', port: 0 }
  }
  const plan = planReadiness(ready, (text) => ({ words: wordsOf(text, `${where}: ready`) }))
  return readinessAt(plan, at, placeholders)
}

/**
 * Returns the links between nodes. Each pair of nodes needs a link or an entry in `apart`: traffic over an unknown
 * connection would bypass a partition.
 */
function linksOf(
  { links = [], apart = [] }: RunningDeclaration,
  remotes: readonly RemotePlan[],
  { ids, where }: { readonly ids: readonly NodeId[]; readonly where: string },
): PeerLink[] {
  const known = (name: NodeId, place: string) => {
    if (!ids.includes(name))
      throw inputError(`${where}: ${place}: there is no node ${name}. The nodes are ${ids.join(', ')}.`)
  }
  for (const [index, { from, to }] of links.entries()) for (const end of [from, to]) known(end, `links[${index}]`)
  for (const [index, pair] of apart.entries()) for (const end of pair) known(end, `apart[${index}]`)
  const elsewhere = remotes.flatMap((remote) => [...remote.links.values()])
  const joined = [...[...links, ...elsewhere].map(({ from, to }) => [from, to]), ...apart]
  if (links.length + elsewhere.length > 0)
    for (const [index, one] of ids.entries())
      for (const other of ids.slice(index + 1))
        if (!joined.some((pair) => pair.includes(one) && pair.includes(other)))
          throw inputError(
            `${where}: links: ${one} and ${other} have no link through the proxy, so a partition would not cut them. Add the link, or declare that they never connect: "apart": [["${one}","${other}"]].`,
          )
  return links.map(({ from, to, listen, reach, carries }, index) => ({
    ...{ from, to, port: `link ${index + 1}`, listen: addressOf(listen), upstream: addressOf(reach) },
    framing: carries === undefined ? undefined : parseFraming(carries, `${where}: links[${index}].carries`),
  }))
}

/** Parses `127.0.0.1:7001` or `[::1]:7001`, which the schema has validated. */
function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}
