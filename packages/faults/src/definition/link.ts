import { inputError } from '@chaosproxy/history'
import { quote } from './read-parameters.ts'

/** The name of a node, which is one server of the backend: `n1`, `n2`, … */
export type NodeId = string

/** Returns the names of the first `count` nodes. */
export function nodeNames(count: number): NodeId[] {
  const names: NodeId[] = []
  for (let i = 1; i <= count; i++) names.push(`n${i}`)
  return names
}

/** An end of a link: a node, or all clients together. */
export type Endpoint = NodeId | 'clients'

/**
 * One *direction* of one connection path: `clients→n1`, `n1→n2`, `n2→n1`. Cutting both directions between two nodes
 * takes two links.
 */
export interface Link {
  readonly from: Endpoint
  readonly to: Endpoint
}

/** Returns a link's name in histories and schedules: `n1>n2`. */
export const linkName = (link: Link): string => `${link.from}>${link.to}`

/** Returns the nodes that a fault hits, or both ends of each of its links. Does not remove duplicates. */
export const placesOf = (
  fault: { readonly nodes: readonly NodeId[] } | { readonly links: readonly Link[] },
): readonly Endpoint[] => ('nodes' in fault ? fault.nodes : fault.links.flatMap(({ from, to }) => [from, to]))

export const fromClients = (nodes: readonly NodeId[]): readonly Link[] => nodes.map((to) => ({ from: 'clients', to }))
export const toClients = (nodes: readonly NodeId[]): readonly Link[] => nodes.map((from) => ({ from, to: 'clients' }))

/** Returns the links in both directions between every two nodes of different groups. */
export function linksBetween(groups: readonly (readonly Endpoint[])[]): Link[] {
  const links: Link[] = []
  for (const [i, group] of groups.entries())
    for (const [j, other] of groups.entries())
      if (i !== j) for (const from of group) for (const to of other) links.push({ from, to })
  return links
}

/** @throws UserError (input) */
export function parseLinks(value: unknown, where: string): Link[] {
  if (Array.isArray(value) && value.length > 0) return value.map((link) => parseLink(link, where))
  throw inputError(`${where}: "links" must be a list of links, such as ["clients>n1"].`)
}

/** Parses a link: `n1>n2`, or `{"from":"n1","to":"n2"}`. @throws UserError (input) */
export function parseLink(value: unknown, where: string): Link {
  const ends = typeof value === 'string' ? value.split('>') : linkMembers(value)
  const [from, to] = ends
  if (ends.length !== 2 || typeof from !== 'string' || typeof to !== 'string' || from === '' || to === '')
    throw inputError(
      `${where}: ${quote(value)} is not a link. Write each direction as a link of its own, such as "n1>n2".`,
    )
  return { from, to }
}

const linkMembers = (value: unknown): unknown[] =>
  value !== null && typeof value === 'object' && 'from' in value && 'to' in value ? [value.from, value.to] : []
