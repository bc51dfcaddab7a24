import { NEVER } from '../../encoding/encoded.ts'
import { type EdgeList, NO_KEY, RT, SO } from './edges.ts'

/** When each transaction ran, and in which session. */
export interface Spans {
  readonly length: number
  readonly session: Int32Array
  readonly invoked: Int32Array
  readonly completed: Int32Array
  /** Whether the transactions of a session are in session order even if they overlap (see `History.isTied`). */
  readonly isTied?: boolean | undefined
}

/**
 * Returns the beginnings and ends of transactions in order of events: t for the invocation of transaction t, and ~t for
 * its completion.
 */
export function eventsOf({ length, invoked, completed }: Spans, counts: Uint8Array): Int32Array {
  let last = -1
  for (let t = 0; t < length; t++) {
    if (counts[t] === 0) continue
    if (invoked[t] > last) last = invoked[t]
    if (completed[t] !== NEVER && completed[t] > last) last = completed[t]
  }
  const NOTHING = length
  const at = new Int32Array(last + 1).fill(NOTHING)
  for (let t = 0; t < length; t++) {
    if (counts[t] === 0) continue
    at[invoked[t]] = t
    if (completed[t] !== NEVER) at[completed[t]] = ~t
  }
  let kept = 0
  for (let position = 0; position <= last; position++) if (at[position] !== NOTHING) at[kept++] = at[position]
  return at.subarray(0, kept)
}

/**
 * Adds an edge from each transaction to the next one of its session. Transactions that overlap get an edge only if
 * `isTied`.
 */
export function addSessions(
  edges: EdgeList,
  { length, session, invoked, completed, isTied }: Spans,
  counts: Uint8Array,
): void {
  const before = new Map<number, number>()
  for (let t = 0; t < length; t++) {
    if (counts[t] === 0 || session[t] < 0) continue
    const last = before.get(session[t])
    if (last !== undefined && (isTied === true || completed[last] < invoked[t])) edges.add(last, t, SO, NO_KEY)
    if (completed[t] !== NEVER) before.set(session[t], t)
  }
}

/**
 * Adds the order of real time, without an edge for each pair of transactions. Each sequence of completions without an
 * invocation in between gets a node, numbered from `firstNode` on. The completed transactions have edges to this node.
 * The node has edges to the next such node, and to the transactions that were invoked directly after the sequence. Adds
 * at most four edges for each transaction.
 *
 * @returns the number of nodes added
 */
export function addRealTime(edges: EdgeList, events: Int32Array, firstNode: number): number {
  let barrier = firstNode - 1
  let isOpen = false
  for (const event of events) {
    if (event < 0) {
      if (!isOpen) {
        barrier++
        if (barrier > firstNode) edges.add(barrier - 1, barrier, RT, NO_KEY)
        isOpen = true
      }
      edges.add(~event, barrier, RT, NO_KEY)
    } else {
      isOpen = false
      if (barrier >= firstNode) edges.add(barrier, event, RT, NO_KEY)
    }
  }
  return barrier - firstNode + 1
}
