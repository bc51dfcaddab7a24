import type { FaultRow, Hello } from './frames.ts'

/** The selection in the topology: nodes or a link. */
export type Picked =
  | { readonly type: 'nodes'; readonly nodes: readonly string[] }
  | { readonly type: 'link'; readonly from: string; readonly to: string }

export const nothingPicked: Picked = { type: 'nodes', nodes: [] }

/** A fault in the form that the server reads. */
export interface FaultDraft {
  readonly kind: string
  readonly nodes?: readonly string[]
  readonly links?: readonly string[]
  readonly latencyMs?: number
}

export interface Action {
  readonly label: string
  /** The keyboard key for the action on a focused node. */
  readonly key?: string | undefined
  readonly fault: FaultDraft
}

/** Milliseconds added to a slowed link: visible above any usual latency, and below the usual timeout. */
const SLOW_MS = 300

const bothWays = (ones: readonly string[], others: readonly string[]): string[] =>
  ones.flatMap((one) => others.flatMap((other) => [`${one}>${other}`, `${other}>${one}`]))

/** Returns `{n1 n2}` for several nodes, and the name for one. */
export const groupName = (nodes: readonly string[]): string =>
  nodes.length === 1 ? `${nodes[0]}` : `{${nodes.join(' ')}}`

export function actionsFor(picked: Picked, hello: Hello): readonly Action[] {
  const actions = picked.type === 'link' ? linkActions(picked) : nodeActions(picked.nodes, hello)
  return actions.filter(({ fault }) => isOffered(fault, hello))
}

function nodeActions(nodes: readonly string[], hello: Hello): readonly Action[] {
  if (nodes.length === 0) return []
  const rest = hello.nodes.filter((node) => !nodes.includes(node))
  const name = groupName(nodes)
  const apart: readonly Action[] =
    rest.length === 0 || !hello.meshed
      ? []
      : [
          { label: `Cut ${name} from ${groupName(rest)}`, key: 'x', fault: cut(bothWays(nodes, rest)) },
          {
            label: `Delay between ${name} and ${groupName(rest)} by ${SLOW_MS} ms`,
            fault: { kind: 'latency', links: bothWays(nodes, rest), latencyMs: SLOW_MS },
          },
        ]
  const clients = bothWays(['clients'], nodes)
  return [
    { label: `Kill ${name}`, key: 'k', fault: { kind: 'kill', nodes } },
    { label: `Pause ${name}`, key: 'p', fault: { kind: 'pause', nodes } },
    ...apart,
    { label: `Cut ${name} from clients`, key: 'c', fault: cut(clients) },
    {
      label: `Delay clients of ${name} by ${SLOW_MS} ms`,
      fault: { kind: 'latency', links: clients, latencyMs: SLOW_MS },
    },
    {
      label: `Reset connections of clients to ${name}`,
      fault: { kind: 'reset', links: nodes.map((node) => `clients>${node}`) },
    },
  ]
}

function linkActions({ from, to }: { readonly from: string; readonly to: string }): readonly Action[] {
  const both = [`${from}>${to}`, `${to}>${from}`]
  return [
    { label: `Cut ${from} from ${to}`, key: 'x', fault: cut(both) },
    { label: `Cut only ${from} → ${to}`, fault: cut([`${from}>${to}`]) },
    { label: `Cut only ${to} → ${from}`, fault: cut([`${to}>${from}`]) },
    { label: `Delay both ways by ${SLOW_MS} ms`, fault: { kind: 'latency', links: both, latencyMs: SLOW_MS } },
  ]
}

const cut = (links: readonly string[]): FaultDraft => ({ kind: 'partition', links })

function isOffered({ kind, links }: FaultDraft, { kinds }: Hello): boolean {
  const offered = kinds.find((each) => each.kind === kind)?.on ?? []
  if (links === undefined) return offered.includes('nodes')
  return offered.includes(links.every((link) => link.includes('clients')) ? 'clients' : 'links')
}

/** Returns the active fault that has the same kind, nodes and links as the action's fault. */
export const doneAlready = ({ fault }: Action, faults: readonly FaultRow[]): FaultRow | undefined =>
  faults.find(
    ({ kind, nodes, links, to }) =>
      to === undefined && kind === fault.kind && isSame(nodes, fault.nodes) && isSame(links, fault.links),
  )

const isSame = (some: readonly string[], others: readonly string[] = []): boolean =>
  some.length === others.length && some.every((each) => others.includes(each))
