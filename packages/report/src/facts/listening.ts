import { FAIL } from '@chaosproxy/history'
import type { Change, Listening } from '@chaosproxy/runner/result'
import { keyOf, tells, writtenBy } from '../operation-words.ts'
import { type FactsInput, factsOf } from './facts.ts'
import { listeningTo } from './wire.ts'

/** Which messages between nodes explain what a page about a run draws first; undefined if none do. */
export const listeningFor = (input: FactsInput): Listening | undefined =>
  listeningTo(input.history, factsOf(input).shown)

/** More of them prove no more. */
const MOST_KNOWN = 50

/** The last changes of the same key called before, which messages may carry just as the one that was missed. */
export function knownChanges({ history }: Pick<FactsInput, 'history'>, { from, about }: Listening): readonly Change[] {
  const { callTime, outcome, length } = history.operations
  const found: Change[] = []
  for (let row = length - 1; row >= 0 && found.length < MOST_KNOWN; row--) {
    if ((callTime[row] ?? 0) >= from || outcome[row] === FAIL || tells(history, row)) continue
    const key = keyOf(history, row)
    if (about.some((change) => change.key === key))
      found.push({ ...(key === undefined ? {} : { key }), value: writtenBy(history, row) })
  }
  return found
}
