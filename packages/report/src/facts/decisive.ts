import type { Counterexample } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { reproach } from '../moments.ts'
import { gapOf } from './gap.ts'

/** Maximum number of steps of a completely shown cycle. */
const MOST_OF_CYCLE = 24

/**
 * Reduces a counterexample to `most` operations: the impossible one, those that make it impossible, and the latest of
 * the others. A cycle may have `MOST_OF_CYCLE` operations.
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
