import type { Millis } from '@chaos/history'

/** One server of the backend: `n1`, `n2`, … */
export type NodeId = string

/** The names of so many nodes, in order. */
export const nodeNames = (count: number): NodeId[] => Array.from({ length: count }, (_, i) => `n${i + 1}`)

/** An end of a link: a node, or the clients, all of them together. */
export type Endpoint = NodeId | 'clients'

/** One *direction* of one connection path: `clients→n1`, `n1→n2`, `n2→n1`. Cutting a pair takes two of them. */
export interface Link {
  readonly from: Endpoint
  readonly to: Endpoint
}

/** `n1>n2`, as histories and schedules spell it. */
export const linkName = (link: Link): string => `${link.from}>${link.to}`

/**
 * What happens to bytes at a cut. `hold`: kept, and released at heal, as TCP's retransmission would. `drop`: gone, and
 * the connection is reset at heal, since a stream with a hole may not go on.
 */
export type CutMode = 'hold' | 'drop'

/** What a node does to the world: writes to its disk, sends to another node, answers a client. */
export type NodeEffect = 'persist' | 'send' | 'reply'

/** Something wrong, concretely: every selector resolved, so that it can be injected, printed and replayed. */
export type Fault =
  | { readonly kind: 'partition'; readonly links: readonly Link[]; readonly mode: CutMode }
  | { readonly kind: 'latency'; readonly links: readonly Link[]; readonly latencyMs: Millis; readonly jitterMs: Millis }
  | { readonly kind: 'bandwidth'; readonly links: readonly Link[]; readonly bytesPerSecond: number }
  /** Each message is lost with this probability. Only where messages are known: not on a stream of mere bytes. */
  | { readonly kind: 'loss'; readonly links: readonly Link[]; readonly probability: number }
  /** Each message comes twice with this probability, the second time later than others sent after it, maybe. */
  | { readonly kind: 'duplicate'; readonly links: readonly Link[]; readonly probability: number }
  /** Each message, with this probability, comes up to so much later, and what was sent after it does not wait for it. */
  | {
      readonly kind: 'reorder'
      readonly links: readonly Link[]
      readonly probability: number
      readonly withinMs: Millis
    }
  /** Each message is damaged with this probability. Its framing notices, so its connection breaks when it arrives. */
  | { readonly kind: 'corrupt'; readonly links: readonly Link[]; readonly probability: number }
  | { readonly kind: 'reset'; readonly links: readonly Link[] }
  | { readonly kind: 'kill'; readonly nodes: readonly NodeId[] }
  /** Each node is killed just before its n-th effect of this kind, counted from 1 and from when the fault is injected. */
  | { readonly kind: 'crash'; readonly nodes: readonly NodeId[]; readonly before: NodeEffect; readonly nth: number }
  | { readonly kind: 'pause'; readonly nodes: readonly NodeId[] }
  /** Clocks jump by the offset, and from then on run faster by the drift, in parts of a million; slower where negative. */
  | { readonly kind: 'clock'; readonly nodes: readonly NodeId[]; readonly offsetMs: Millis; readonly driftPpm: number }

export type FaultKind = Fault['kind']

/** Both directions between every two nodes of different groups. */
export function linksBetween(groups: readonly (readonly Endpoint[])[]): Link[] {
  const links: Link[] = []
  for (const [i, group] of groups.entries())
    for (const [j, other] of groups.entries())
      if (i !== j) for (const from of group) for (const to of other) links.push({ from, to })
  return links
}
