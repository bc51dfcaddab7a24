import type { Counterexample } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { reproach } from '../moments.ts'
import { gapOf } from './gap.ts'

/** A cycle is shown whole, up to this number of steps. */
const MOST_OF_CYCLE = 24

/**
 * Reduces a counterexample to at most this many operations: the last ones, including the impossible operation and those
 * that make it impossible. Much earlier operations, such as the first elements of a list, explain nothing. A cycle
 * keeps up to `MOST_OF_CYCLE` operations, whatever the limit.
 */
export function decisive(history: History, counterexample: Counterexample, most: number): Counterexample {
  const { operations, culprit, edges } = counterexample
  if (edges !== undefined) return { ...counterexample, operations: operations.slice(-MOST_OF_CYCLE) }
  if (operations.length <= most) return counterexample
  const needed = new Set([culprit, reproach(history, counterexample)?.by, gapOf(history, counterexample).ignored])
  const others = operations.filter(({ operation }) => !needed.has(operation))
  const room = Math.max(0, most - (operations.length - others.length))
  const left = new Set(others.slice(0, others.length - room))
  return { ...counterexample, operations: operations.filter((operation) => !left.has(operation)) }
}
