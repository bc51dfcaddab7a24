import type { OrderEdge } from '../../verdict/verdict.ts'
import { INITIAL } from './reads-from.ts'

/** An order that holds in every sequentially consistent explanation, with its reason. */
export interface Edge {
  readonly from: number
  readonly to: number
  readonly reason: OrderEdge['reason'] | 'assumed'
  /**
   * For a derived order: its premise, which is that the first of these two operations precedes the second. The order
   * follows from the premise and from the source of `reader`, a read. Undefined for orders that were not derived.
   */
  readonly premise?: readonly [premise: number, conclusion: number] | undefined
  readonly reader?: number | undefined
}

/** Returns the order that follows if `write` was visible to a read that saw `source`. */
export function overwrites(write: number, read: number, source: number): Edge {
  const premise = [write, read] as const
  return source === INITIAL
    ? { from: read, to: write, reason: 'overwritten after', premise, reader: read }
    : { from: write, to: source, reason: 'overwritten before', premise, reader: read }
}

/** Merges consecutive `process order` edges into one edge, because the operations between them do not matter. */
export function inOwnOrder(path: readonly Edge[]): readonly Edge[] {
  const steps: Edge[] = []
  for (const edge of path) {
    const last = steps.at(-1)
    if (last?.reason === 'process order' && edge.reason === 'process order')
      steps[steps.length - 1] = { from: last.from, to: edge.to, reason: 'process order' }
    else steps.push(edge)
  }
  return steps
}

export const PROCESS = 0
export const AFTER = 1
export const BEFORE = 2
export const ASSUMED = 3

const reasons = ['process order', 'overwritten after', 'overwritten before', 'assumed'] as const

export const makeEdge = (
  from: number,
  to: number,
  reason: number,
  premise: number,
  conclusion: number,
  reader: number,
): Edge => ({
  from,
  to,
  reason: reasons[reason] ?? 'assumed',
  premise: premise === -1 ? undefined : [premise, conclusion],
  reader: reader === -1 ? undefined : reader,
})

export interface Edges {
  /** Adds an edge, or ignores it if there is no memory for it. */
  readonly push: (from: number, to: number, reason: number, premise: number, conclusion: number, reader: number) => void
  readonly cut: (count: number) => void
  readonly count: () => number
  /**
   * The edges that leave an operation, as a linked list: `first` is the newest edge, and `next` the edge added before;
   * -1 at the end.
   */
  readonly first: (operation: number) => number
  readonly next: (edge: number) => number
  readonly to: (edge: number) => number
  readonly get: (edge: number) => Edge
}

/** Creates edges in columns, because there are at least as many edges as operations. `take` requests further bytes. */
export function createEdges(length: number, take: (bytes: number) => boolean): Edges {
  const head = new Int32Array(length).fill(-1)
  let cells = new Int32Array(EDGE_CELLS * 1024)
  let used = 0
  const get = (edge: number): Edge => {
    const [from, to, , reason, premise, conclusion, reader] = cells.subarray(edge * EDGE_CELLS, (edge + 1) * EDGE_CELLS)
    return makeEdge(from, to, reason, premise, conclusion, reader)
  }
  return {
    push: (from, to, reason, premise, conclusion, reader) => {
      const at = used * EDGE_CELLS
      if (at === cells.length) {
        if (!take(4 * cells.length)) return
        const larger = new Int32Array(2 * cells.length)
        larger.set(cells)
        cells = larger
      }
      cells[at] = from
      cells[at + 1] = to
      cells[at + 2] = head[from]
      cells[at + 3] = reason
      cells[at + 4] = premise
      cells[at + 5] = conclusion
      cells[at + 6] = reader
      head[from] = used++
    },
    cut: (count) => {
      while (used > count) {
        used--
        head[cells[used * EDGE_CELLS]] = cells[used * EDGE_CELLS + 2]
      }
    },
    count: () => used,
    first: (operation) => head[operation],
    next: (edge) => cells[edge * EDGE_CELLS + 2],
    to: (edge) => cells[edge * EDGE_CELLS + 1],
    get,
  }
}

const EDGE_CELLS = 7
