import type { NodeId } from '@chaosproxy/faults'
import { addressText } from '@chaosproxy/history'
import type { Address } from '@chaosproxy/proxy'
import type { Settings } from '@chaosproxy/workloads'
import { fillPlaceholders, type Placeholders } from '../command/placeholders.ts'
import type { ListDeclaration } from './declaration.ts'

/** The addresses and settings that nodes have before any of them starts. */
export interface Surroundings {
  readonly nodes: readonly NodeId[]
  /** The ports, in order. Clients dial the first port. */
  readonly ports: readonly string[]
  /** The ports that nodes dial; `{peer.n2}` means the first. */
  readonly peerPorts: readonly string[]
  readonly announcedPorts: readonly string[]
  readonly settings: Settings
  readonly lists: { readonly [name: string]: ListDeclaration }
  values(node: NodeId): { readonly [name: string]: string | number }
  /** Returns the proxied address at which one node dials another. */
  peer(from: NodeId, to: NodeId, port: string): Address
  announced(node: NodeId, port: string): Address
}

/**
 * Returns the placeholders of one node's commands. `{listen}` and `{listen.NAME}` are the node's own addresses.
 * `{peer.n2}` and `{peer.n2.NAME}` are those of the node n2, through the proxy unless it is the node itself. `{peers}`
 * contains the addresses of all other nodes.
 */
export function nodePlaceholders(node: NodeId, own: Addresses, around: Surroundings): Placeholders {
  const { nodes, settings, lists } = around
  const found: { [name: string]: string | number } = {
    number: nodes.indexOf(node) + 1,
    nodes: nodes.length,
    ...named('value', around.values(node)),
    ...named('set', Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))),
  }
  addAddresses(found, 'listen', own, around.ports)
  for (const other of nodes) {
    const seen = seenFrom(node, other, own, around)
    addAddresses(found, `peer.${other}`, seen, around.peerPorts)
  }
  for (const port of around.peerPorts) {
    const others = nodes.filter((other) => other !== node).map((other) => addressText(around.peer(node, other, port)))
    found[`peers.${port}`] = others.join(',')
    if (port === around.peerPorts[0]) found['peers'] = others.join(',')
  }
  addAddresses(found, 'announced', announcedOf(node, around), around.announcedPorts)
  for (const other of nodes)
    addAddresses(found, `announced.${other}`, announcedOf(other, around), around.announcedPorts)
  for (const [name, list] of Object.entries(lists)) found[`list.${name}`] = listText(list, node, own, around)
  return found
}

const named = (prefix: string, values: { readonly [name: string]: string | number }) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]))

export type Addresses = { readonly [port: string]: Address }

/**
 * Adds the addresses of the ports: `PREFIX.NAME` for each port, and `PREFIX` for the first. Also adds every host and
 * port separately.
 */
export function addAddresses(
  found: { [name: string]: string | number },
  prefix: string,
  addresses: Addresses,
  ports: readonly string[],
): void {
  const [kind = '', ...rest] = prefix.split('.')
  const put = (suffix: readonly string[], address: Address) => {
    const name = (first: string) => [first, ...rest, ...suffix].join('.')
    found[name(kind)] = addressText(address)
    found[name(`${kind}-host`)] = address.host
    found[name(`${kind}-port`)] = address.port
  }
  for (const [index, port] of ports.entries()) {
    const address = addresses[port]
    if (address === undefined) continue
    if (index === 0) put([], address)
    put([port], address)
  }
}

/** Returns the addresses at which `node` dials `other`. A node dials itself at its own listening address. */
function seenFrom(node: NodeId, other: NodeId, own: Addresses, { peerPorts, peer }: Surroundings): Addresses {
  if (node === other) return own
  return Object.fromEntries(peerPorts.map((port) => [port, peer(node, other, port)]))
}

const announcedOf = (node: NodeId, { announcedPorts, announced }: Surroundings): Addresses =>
  Object.fromEntries(announcedPorts.map((port) => [port, announced(node, port)]))

function listText(
  { of, each, between = ',' }: ListDeclaration,
  node: NodeId,
  own: Addresses,
  around: Surroundings,
): string {
  const members = around.nodes.filter((other) => of === 'nodes' || other !== node)
  return members.map((other) => fillPlaceholders(each, memberPlaceholders(node, other, own, around))).join(between)
}

function memberPlaceholders(node: NodeId, other: NodeId, own: Addresses, around: Surroundings): Placeholders {
  const found: { [name: string]: string | number } = {
    name: other,
    number: around.nodes.indexOf(other) + 1,
    ...named('value', around.values(other)),
  }
  addAddresses(found, 'peer', seenFrom(node, other, own, around), around.peerPorts)
  addAddresses(found, 'announced', announcedOf(other, around), around.announcedPorts)
  return found
}
