import type { Edges } from './edges.ts'

/** Edges grouped by where they start: those of node n are rows starts[n] to starts[n + 1]. */
export interface Graph {
  /** Transactions come first; nodes after them stand for moments or groups, and are never shown. */
  readonly nodes: number
  readonly starts: Int32Array
  readonly to: Int32Array
  readonly kind: Uint8Array
  readonly key: Int32Array
}

export function graphOf(edges: Edges, nodes: number): Graph {
  const { length } = edges
  const starts = new Int32Array(nodes + 1)
  for (let e = 0; e < length; e++) starts[edges.from[e] + 1]++
  for (let n = 0; n < nodes; n++) starts[n + 1] += starts[n]
  const next = starts.slice()
  const to = new Int32Array(length)
  const kind = new Uint8Array(length)
  const key = new Int32Array(length)
  for (let e = 0; e < length; e++) {
    const at = next[edges.from[e]]++
    to[at] = edges.to[e]
    kind[at] = edges.kind[e]
    key[at] = edges.key[e]
  }
  return { nodes, starts, to, kind, key }
}
