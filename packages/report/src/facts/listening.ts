import { FAIL } from '@chaosproxy/history'
import type { Change, Listening } from '@chaosproxy/runner/result'
import { keyOf, mayReturnValue, writtenBy } from '../operation-words.ts'
import { type FactsInput, factsOf } from './facts.ts'
import { listeningTo } from './wire.ts'

/** Selects the messages that may explain the counterexample drawn first. Undefined if no message can explain it. */
export const listeningFor = (input: FactsInput): Listening | undefined =>
  listeningTo(input.history, factsOf(input).counterexample)

/** Maximum number of changes that `knownChanges` returns. One change that is recognised in a message is enough. */
const MOST_KNOWN = 50

/**
 * Returns earlier changes of the key whose change the reading node missed. If a message shows one of them in a form
 * that is recognised, a message with the missed change would have been recognised, too.
 */
export function knownChanges({ history }: Pick<FactsInput, 'history'>, { from, about }: Listening): readonly Change[] {
  const { callTime, outcome, length } = history.operations
  const found: Change[] = []
  for (let row = length - 1; row >= 0 && found.length < MOST_KNOWN; row--) {
    if ((callTime[row] ?? 0) >= from || outcome[row] === FAIL || mayReturnValue(history, row)) continue
    const key = keyOf(history, row)
    if (about.some((change) => change.key === key)) found.push({ key, value: writtenBy(history, row) })
  }
  return found
}
