import type { NodeId } from '@chaos/faults'
import type { Json } from '@chaos/history'

/** When, by the clock of the node that took the write; which node; and which of that node's writes, counted. */
export interface Stamp {
  readonly time: number
  readonly node: NodeId
  readonly count: number
}

/** What one item holds, and since when: what is stored, sent and compared. */
export interface Version {
  /** Of a register the key; else what names an item of the object that is merged by itself. */
  readonly key: string
  readonly value: Json
  readonly stamp: Stamp
}

/** By time, then by node, then by the node's own order: total, so that all copies choose alike. */
export function compareStamps(one: Stamp, other: Stamp): number {
  if (one.time !== other.time) return one.time - other.time
  if (one.node !== other.node) return one.node < other.node ? -1 : 1
  return one.count - other.count
}
