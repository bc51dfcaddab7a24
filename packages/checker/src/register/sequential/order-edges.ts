import type { OrderEdge } from '../../verdict/verdict.ts'
import type { Edge } from './edges.ts'

/**
 * The maximum nesting of explanations. A chain of orders explains why an operation precedes another one, and each order
 * of that chain may be explained by a chain of its own.
 */
const DEEPEST_CHAIN = 3

/**
 * Converts an edge of a cycle, and the edges on which this edge depends, to orders between rows of the history. In a
 * tied history (see `History.isTied`), edges of process order may also order operations of different processes. Their
 * reason becomes `real time`.
 */
export function orderEdgeOf(
  edge: Edge,
  { paths }: { readonly paths: ReadonlyMap<Edge, readonly Edge[]> },
  row: (operation: number) => number,
  areOfOne: (from: number, to: number) => boolean = () => true,
  depth: number = DEEPEST_CHAIN,
): OrderEdge {
  const { from, to, reader } = edge
  const recorded = edge.reason === 'assumed' ? 'process order' : edge.reason
  const reason = recorded === 'process order' && !areOfOne(from, to) ? 'real time' : recorded
  const order = { before: row(from), after: row(to), reason } as const
  const path = paths.get(edge) ?? []
  if (reader === undefined || depth === 0) return order
  const chain = path.map((step) => orderEdgeOf(step, { paths }, row, areOfOne, depth - 1))
  return { ...order, shownBy: { read: row(reader), chain } }
}

/** Rotates a cycle so that it starts at the operation called first. */
export function fromEarliest(cycle: readonly Edge[], row: (operation: number) => number): readonly Edge[] {
  const rows = cycle.map(({ from }) => row(from))
  const first = rows.indexOf(rows.reduce((least, each) => Math.min(least, each)))
  return [...cycle.slice(first), ...cycle.slice(0, first)]
}

interface Speaker {
  readonly the: (operation: number) => string
  readonly ofOneClient: (a: number, b: number) => string
  /** Describes why a read orders two writes. */
  readonly since: (reader: number) => string
}

export function stepOf({ from, to, reason, reader }: Edge, { the, ofOneClient, since }: Speaker): string {
  switch (reason) {
    case 'reads from':
      return `${the(to)} saw ${the(from)}`
    case 'overwritten before':
      return `${the(from)} must come before ${the(to)}, because ${since(reader ?? to)}`
    case 'overwritten after':
      return `${the(from)} must come before ${the(to)}, which it did not see`
    default:
      return `${the(from)} came before ${the(to)} ${ofOneClient(from, to)}`
  }
}
