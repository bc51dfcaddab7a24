import type { NodeId } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'

/** Time by the clock of the node that took the write, the node, and the count of that node's writes. */
export interface Stamp {
  readonly time: number
  readonly node: NodeId
  readonly count: number
}

/** An item's content and its stamp: the unit that is stored, sent and compared. */
export interface Version {
  /** The key of a register; otherwise the name of an item that is merged by itself. */
  readonly key: string
  readonly value: Json
  readonly stamp: Stamp
}

/** By time, then node, then the node's own count: a total order, so all copies choose alike. */
export function compareStamps(one: Stamp, other: Stamp): number {
  if (one.time !== other.time) return one.time - other.time
  if (one.node !== other.node) return one.node < other.node ? -1 : 1
  return one.count - other.count
}
