import { type Link, linkName, type NodeId } from './definition/link.ts'
import { parametersOf } from './definition/parameter.ts'
import type { HttpTrigger } from './families/http.ts'
import { definitionOf, type Fault } from './families/registry.ts'
import { faultName } from './nemeses/fault-names.ts'

/**
 * Describes a fault in a few words, with its name in `--faults`: `partition {n1 n3 | n2 n4 n5}`, `n1 killed`, `loss on
 * 5 links (20%)`.
 */
export const describeFault = (fault: Fault): string => describeFaultAs(fault, faultName(fault))

/**
 * Describes a fault under the given name: the fault's kind for users who choose faults by kind, as on the live page of
 * proxies; otherwise the fault's name in `--faults`.
 */
export function describeFaultAs(fault: Fault, name: string): string {
  if (fault.kind === 'partition') {
    const isDropping = fault.mode === 'drop' && name === 'partition'
    return `${name} ${describeCut(fault.links)}${isDropping ? ' (dropping)' : ''}`
  }
  const targets = 'nodes' in fault ? fault.nodes.join(' ') : countLinks(fault.links)
  const { describe, parameters } = definitionOf(fault.kind)
  const chosen = 'when' in fault ? describeTrigger(fault.when ?? {}) : ''
  if (describe !== undefined) return `${describe(fault, targets)}${chosen}`
  const members: { readonly [name: string]: unknown } = { ...fault }
  const settings = parametersOf(parameters)
    .filter((parameter) => members[parameter.name] !== undefined && members[parameter.name] !== parameter.default)
    .map((parameter) => `${parameter.name}=${plainly(members[parameter.name])}`)
  return `${[name, ...settings].join(' ')} on ${targets}${chosen}`
}

const plainly = (value: unknown): string =>
  typeof value === 'string' && /^[\w.-]+$/.test(value) ? value : JSON.stringify(value)

/** Describes a trigger: ` (20%)`, or nothing without conditions. */
function describeTrigger({ probability, nth, first, every }: HttpTrigger): string {
  const parts = [
    ...(nth === undefined ? [] : [`number ${nth}`]),
    ...(first === undefined ? [] : [`the first ${first}`]),
    ...(every === undefined ? [] : [`every ${every}`]),
    ...(probability === undefined ? [] : [percent(probability)]),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

const percent = (probability: number): string => `${Math.round(probability * 100)}%`

const countLinks = (links: readonly Link[]): string => `${links.length} link${links.length === 1 ? '' : 's'}`

/** Describes a cut: `{n1 | n2 n3}` if it divides the nodes into groups, otherwise its links. */
function describeCut(links: readonly Link[]): string {
  const names = new Set(links.map(linkName))
  const nodes = [...new Set(links.flatMap((link) => [link.from, link.to]))].sort()
  const symmetric = links.every((link) => names.has(linkName({ from: link.to, to: link.from })))
  const groups = symmetric ? groupsOf(nodes, names) : undefined
  if (groups !== undefined) return `{${groups.map((group) => group.join(' ')).join(' | ')}}`
  const cuts = symmetric ? pairNames(links) : [...names]
  if (cuts.length <= MOST_CUTS_NAMED) return `{${cuts.join(', ')}}`
  const left = symmetric ? pairsLeft(nodes, names) : []
  return left.length > 0 && left.length <= MOST_CUTS_NAMED ? `{all but ${left.join(', ')}}` : `{${countLinks(links)}}`
}

const MOST_CUTS_NAMED = 6

/** Returns the pairs of nodes that still reach each other. */
const pairsLeft = (nodes: readonly NodeId[], cut: ReadonlySet<string>): string[] =>
  nodes.flatMap((one, i) =>
    nodes
      .slice(i + 1)
      .filter((other) => !cut.has(linkName({ from: one, to: other })))
      .map((other) => `${one}–${other}`),
  )

/** Names pairs of nodes cut in both directions: `n1–n3`. */
const pairNames = (links: readonly Link[]): string[] =>
  links
    .filter(({ from, to }) => from < to)
    .map(({ from, to }) => `${from}–${to}`)
    .sort()

/** Returns the groups that no cut separates; undefined if they overlap, as in a majority ring. */
function groupsOf(nodes: readonly NodeId[], cut: ReadonlySet<string>): NodeId[][] | undefined {
  const groups: NodeId[][] = []
  const connected = (a: NodeId, b: NodeId) => !cut.has(linkName({ from: a, to: b }))
  for (const node of nodes) {
    const home = groups.find((group) => group.every((member) => connected(member, node)))
    if (home !== undefined) home.push(node)
    else groups.push([node])
  }
  const separated = groups.every((group, i) =>
    groups.every((other, j) => i === j || group.every((a) => other.every((b) => !connected(a, b)))),
  )
  return separated ? groups : undefined
}
