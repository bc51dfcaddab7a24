import type { NodeId } from '@chaosproxy/faults'
import { type Millis, millis, millisToNanos, type Nanos } from '@chaosproxy/history'

/** The length of a window. Messages of the current and the previous window are counted. */
const WINDOW_MS: Millis = millis(500)
/** The leader must have sent more than this many times as many messages as any other node. */
const CLEARLY = 1.5

/**
 * Guesses which node leads by the number of messages that each sends. Faults aim at the leader, which a Maelstrom
 * program does not report.
 */
interface Busiest {
  sent(from: NodeId, at: Nanos): void
  /** Returns the node that clearly sends most messages, if any. */
  node(): NodeId | undefined
}

export function createBusiest(): Busiest {
  let began: number = 0
  let before = new Map<NodeId, number>()
  let now = new Map<NodeId, number>()
  return {
    sent(from, at) {
      if (at - began > millisToNanos(WINDOW_MS)) {
        before = now
        now = new Map()
        began = at
      }
      now.set(from, (now.get(from) ?? 0) + 1)
    },
    node() {
      const counts = [...new Set([...before.keys(), ...now.keys()])]
        .map((node) => ({ node, count: (before.get(node) ?? 0) + (now.get(node) ?? 0) }))
        .toSorted((one, other) => other.count - one.count)
      const [first, second] = counts
      return first !== undefined && first.count > CLEARLY * (second?.count ?? 0) ? first.node : undefined
    },
  }
}
