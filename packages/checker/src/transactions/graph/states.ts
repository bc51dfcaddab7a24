import { LINK, RW, WW } from './edges.ts'
import type { Graph } from './graph.ts'

/**
 * An automaton that determines which edges may follow each other. `next` returns the state after an edge, or -1 if the
 * edge is not allowed. Every state is an initial state. So a cycle is allowed if and only if a walk along it returns to
 * its first node in its first state.
 */
export interface Steps {
  readonly states: number
  readonly next: (state: number, kind: number) => number
}

const AFTER_RW = 0
const AFTER_OTHER = 1

/**
 * Allows only the cycles that snapshot isolation excludes (Cerone & Gotsman 2016). These cycles have no two consecutive
 * rw edges.
 */
export const noTwoReadWrites: Steps = {
  states: 2,
  next: (state, kind) => {
    if (kind === LINK) return state === AFTER_RW ? AFTER_RW : -1
    if (kind === RW) return state === AFTER_RW ? -1 : AFTER_RW
    return AFTER_OTHER
  },
}

const AFTER_WW = 2

/**
 * Allows only the cycles that prefix consistency excludes. In these cycles, each rw edge follows a reads-from, session
 * or real-time edge.
 */
export const readWriteAfterSeen: Steps = {
  states: 3,
  next: (state, kind) => {
    if (kind === LINK) return state === AFTER_RW ? AFTER_RW : -1
    if (kind === RW) return state === AFTER_OTHER ? AFTER_RW : -1
    return kind === WW ? AFTER_WW : AFTER_OTHER
  },
}

/** Reports whether no cycle of allowed edges exists, by Kahn's algorithm on pairs of node and state. */
export function isAcyclicBy(graph: Graph, mask: number, { states, next }: Steps): boolean {
  const { nodes, starts, to, kind } = graph
  const waitsFor = new Int32Array(nodes * states)
  const ways = tableOf(states, next)
  const eachFrom = (pair: number, visit: (pair: number) => void): void => {
    const node = (pair / states) | 0
    const state = pair - node * states
    for (let e = starts[node]; e < starts[node + 1]; e++) {
      if ((mask & (1 << kind[e])) === 0) continue
      const after = ways[state * KINDS + kind[e]]
      if (after >= 0) visit(to[e] * states + after)
    }
  }
  for (let pair = 0; pair < waitsFor.length; pair++)
    eachFrom(pair, (other) => {
      waitsFor[other]++
    })
  const ready = new Int32Array(nodes * states)
  let end = 0
  for (let pair = 0; pair < waitsFor.length; pair++) if (waitsFor[pair] === 0) ready[end++] = pair
  for (let at = 0; at < end; at++)
    eachFrom(ready[at], (other) => {
      if (--waitsFor[other] === 0) ready[end++] = other
    })
  return end === waitsFor.length
}

const KINDS = 8

function tableOf(states: number, next: Steps['next']): Int8Array {
  const table = new Int8Array(states * KINDS)
  for (let state = 0; state < states; state++)
    for (let kind = 0; kind < KINDS; kind++) table[state * KINDS + kind] = next(state, kind)
  return table
}
