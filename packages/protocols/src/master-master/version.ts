import type { NodeId } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'

/** The stamp of a write: the node that accepted it, the time by its clock, and the number of the write on that node. */
export interface Stamp {
  readonly time: number
  /** With hybrid clocks: the number that orders stamps with the same time. */
  readonly logical?: number | undefined
  readonly node: NodeId
  readonly count: number
}

/** For each node: how many of the node's writes the vector includes, counted from the first write. */
type VersionVector = { readonly [node: NodeId]: number }

export interface Version {
  /** A register's key, or the name of one item of another object (see `Mergeable`), such as an element of a set. */
  readonly key: string
  readonly value: Json
  readonly stamp: Stamp
  /** With version vectors: the versions on the writer's node, which this version replaces. */
  readonly seen?: VersionVector | undefined
}

/** Compares by time, node and count. This is a total order, so all copies choose the same version. */
export function compareStamps(one: Stamp, other: Stamp): number {
  if (one.time !== other.time) return one.time - other.time
  const logical = (one.logical ?? 0) - (other.logical ?? 0)
  if (logical !== 0) return logical
  if (one.node !== other.node) return one.node < other.node ? -1 : 1
  return one.count - other.count
}

/**
 * Whether `one` is the version with this stamp, or replaces that version. A version replaces all versions that its
 * vector includes (Parker et al., "Detection of Mutual Inconsistency in Distributed Systems", 1983).
 */
export const covers = (one: Version, stamp: Stamp): boolean =>
  compareStamps(one.stamp, stamp) === 0 || (one.seen?.[stamp.node] ?? 0) >= stamp.count

/** Returns the vector that includes these versions of one item. */
export function vectorOf(versions: readonly Version[]): VersionVector {
  const vector: { [node: NodeId]: number } = {}
  const include = (node: NodeId, count: number) => {
    vector[node] = Math.max(vector[node] ?? 0, count)
  }
  for (const { stamp, seen = {} } of versions) {
    for (const [node, count] of Object.entries(seen)) include(node, count)
    include(stamp.node, stamp.count)
  }
  return vector
}
