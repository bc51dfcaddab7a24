import { type EdgeKind, EdgeList, type Edges, RW, WR, WW } from '../graph/edges.ts'
import type { KeyFacts } from './key-facts.ts'
import { INITIAL } from './sources.ts'

/** Up to this many readers × writers of one key, each reader of the initial value is joined to each writer. */
const FEW = 4096

/**
 * The orders that hold in any order of the versions, for the search of anomalies: a writer comes before its readers; the
 * initial value before every other; a version that was read before the key was written, before what was then written.
 */
export function certainOrders(facts: KeyFacts, granted: Edges): EdgeList {
  const edges = new EdgeList(3 * facts.reader.length)
  const { readStarts, writerStarts, reader, source, isUpdate, writer } = facts
  for (let k = 0; k < facts.keys; k++) {
    /** By source: who read it and wrote the key. */
    const updates = new Map<number, number[]>()
    let initialReaders = 0
    for (let at = readStarts[k]; at < readStarts[k + 1]; at++) {
      if (source[at] === INITIAL) initialReaders++
      else edges.add(source[at], reader[at], WR, k)
      if (isUpdate[at] === 0) continue
      const others = updates.get(source[at])
      if (others === undefined) updates.set(source[at], [reader[at]])
      else others.push(reader[at])
      if (source[at] !== INITIAL) edges.add(source[at], reader[at], WW, k)
    }
    const areFew = initialReaders * (writerStarts[k + 1] - writerStarts[k]) <= FEW
    if (areFew) updates.set(INITIAL, Array.from(writer.subarray(writerStarts[k], writerStarts[k + 1])))
    for (let at = readStarts[k]; at < readStarts[k + 1]; at++)
      for (const other of (updates.get(source[at]) ?? []).slice(0, FEW)) edges.add(reader[at], other, RW, k)
  }
  for (let e = 0; e < granted.length; e++)
    edges.add(granted.from[e], granted.to[e], granted.kind[e] as EdgeKind, granted.key[e])
  return edges
}
