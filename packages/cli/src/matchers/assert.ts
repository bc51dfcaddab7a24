import { AssertionError } from 'node:assert'
import { judgeReceived, type Received } from './judge-received.ts'

/**
 * Asserts that a history meets a level. For node:test, and for other test runners without matchers.
 *
 * @throws AssertionError if the history does not meet the level, with a drawing of the contradiction. Also thrown if it
 * is unknown whether the history meets the level.
 * @throws UserError for a value that is not a history, and for an unknown level.
 */
export function assertLevel(history: Received, level: string): void {
  const { met, message, finding } = judgeReceived(history, level)
  if (met !== true)
    throw new AssertionError({ message, expected: level, actual: finding.verdict, operator: 'assertLevel' })
}

/** @throws AssertionError with the drawn counterexample, unless the history is linearizable. */
export const assertLinearizable = (history: Received): void => assertLevel(history, 'linearizable')

/** @throws AssertionError with the drawn counterexample, unless the history is sequentially consistent. */
export const assertSequentiallyConsistent = (history: Received): void => assertLevel(history, 'sequential')

/** @throws AssertionError that shows how the replicas disagree, unless the history is eventually consistent. */
export const assertEventuallyConsistent = (history: Received): void => assertLevel(history, 'eventual')
