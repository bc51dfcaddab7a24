import { duration } from '@chaosproxy/history'
import { doubleHolding, unreleasedBefore } from '../holdings.ts'
import { hasTimes } from '../moments.ts'
import { clientOf, keyOf, nameText } from '../operation-words.ts'
import type { FindLoss } from './loss.ts'

/** `Two clients held lock L for 17 ms`; `p2 was given lock L, which p1 had not released`. */
export const lockLoss: FindLoss = ({ history, counterexample }) => {
  const { culprit } = counterexample
  if (culprit === undefined) return undefined
  const key = keyOf(history, culprit)
  const name = key === undefined ? 'the lock' : `lock ${nameText(key, 24)}`
  const both = doubleHolding(history, counterexample)
  if (both === undefined) {
    const unreleased = unreleasedBefore(history, counterexample)
    if (unreleased === undefined) return undefined
    const [first, second] = [unreleased.acquire, culprit].map((row) => clientOf(history, row))
    return { title: `${second} was given ${name}, which ${first === second ? 'it' : first} had not released` }
  }
  const { nanos } = both
  const long = nanos === undefined || nanos <= 0 || !hasTimes(history) ? ' at the same time' : ` for ${duration(nanos)}`
  return { title: `Two clients held ${name}${long}` }
}
