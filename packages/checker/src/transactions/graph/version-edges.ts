import { addTo } from '../../encoding/lists.ts'
import { READ, type TransactionRecord } from '../record/record.ts'
import { INITIAL, type Versions } from '../record/versions.ts'
import { EdgeList, LINK, RW, WR, WW } from './edges.ts'

export interface VersionEdges {
  readonly edges: EdgeList
  /** The number of nodes: the transactions, then groups of writers. */
  readonly nodes: number
}

export function versionEdges(record: TransactionRecord, versions: Versions): VersionEdges {
  const { length, kind, starts, key } = record
  const { writer, of, ordered } = versions
  const edges = new EdgeList(writer.length + kind.length)
  addWrites(edges, versions)
  const next = nextWriters(versions)
  /** For each key with unordered versions: the transactions that read the key's last ordered version. */
  const readers = new Map<number, number[]>()
  for (let t = 0; t < length; t++) {
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      const version = of[row]
      if (kind[row] !== READ || version < INITIAL) continue
      const k = key[row]
      if (version >= 0) edges.add(writer[version], t, WR, k)
      const after = version === INITIAL ? versions.starts[k] : next[version]
      if (after < ordered[k]) edges.add(t, writer[after], RW, k)
      else if (ordered[k] < versions.starts[k + 1]) addTo(readers, k, t)
    }
  }
  let nodes = length
  for (const [k, all] of readers) nodes = addUnplaced(edges, versions, k, all, nodes)
  return { edges, nodes }
}

function addWrites(edges: EdgeList, { starts, ordered, writer }: Versions): void {
  for (let k = 0; k < ordered.length; k++) {
    const end = ordered[k]
    for (let v = starts[k] + 1; v < end; v++) edges.add(writer[v - 1], writer[v], WW, k)
    if (end > starts[k]) for (let v = end; v < starts[k + 1]; v++) edges.add(writer[end - 1], writer[v], WW, k)
  }
}

/**
 * Returns, by ordered version, the next version that a different transaction wrote. If there is none, this is the end
 * of the key's ordered versions.
 */
function nextWriters({ starts, ordered, writer }: Versions): Int32Array {
  const next = new Int32Array(writer.length)
  for (let k = 0; k < ordered.length; k++)
    for (let v = ordered[k] - 1; v >= starts[k]; v--)
      next[v] = v + 1 < ordered[k] && writer[v + 1] === writer[v] ? next[v + 1] : v + 1
  return next
}

/** Up to this number of edges, each reader gets an edge to each writer. */
const FEW = 1024

/**
 * Adds edges for key `k`. Each reader of the key's last ordered version gets an edge to every other transaction that
 * wrote an unordered version of the key. If these edges are many, two chains of nodes replace them. One chain has a
 * node for each prefix of the list of writers, the other has a node for each suffix. Each reader then needs at most two
 * edges: to the writers before its own versions, and to the writers after them.
 *
 * @returns the number of nodes, including the added ones
 */
function addUnplaced(
  edges: EdgeList,
  { starts, ordered, writer }: Versions,
  k: number,
  readers: number[],
  nodes: number,
) {
  const first = ordered[k]
  const writers = starts[k + 1] - first
  if (writers * readers.length <= FEW + 4 * (writers + readers.length)) {
    for (const reader of readers) for (let v = first; v < starts[k + 1]; v++) edges.add(reader, writer[v], RW, k)
    return nodes
  }
  const firstOf = new Map<number, number>()
  const lastOf = new Map<number, number>()
  for (let i = 0; i < writers; i++) {
    const w = writer[first + i]
    if (!firstOf.has(w)) firstOf.set(w, i)
    lastOf.set(w, i)
    // Links lead from the added node `nodes + i` to writer i and all earlier writers, and from the added node
    // `nodes + writers + i` to writer i and all later writers.
    edges.add(nodes + i, w, LINK, k)
    edges.add(nodes + writers + i, w, LINK, k)
    if (i === 0) continue
    edges.add(nodes + i, nodes + i - 1, LINK, k)
    edges.add(nodes + writers + i - 1, nodes + writers + i, LINK, k)
  }
  for (const reader of readers) {
    const from = firstOf.get(reader) ?? writers
    const to = lastOf.get(reader) ?? writers - 1
    if (from > 0) edges.add(reader, nodes + from - 1, RW, k)
    if (to < writers - 1) edges.add(reader, nodes + writers + to + 1, RW, k)
  }
  return nodes + 2 * writers
}
