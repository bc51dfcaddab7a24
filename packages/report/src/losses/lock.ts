import { duration } from '@chaosproxy/history'
import { doubleHolding } from '../holdings.ts'
import { hasTimes } from '../moments.ts'
import { keyOf, nameText } from '../operation-words.ts'
import type { FindLoss } from './loss.ts'

/** `Two clients held lock L for 17 ms`. */
export const lockLoss: FindLoss = ({ history, counterexample }) => {
  const both = doubleHolding(history, counterexample)
  if (both === undefined) return undefined
  const key = keyOf(history, both.second.acquire)
  const name = key === undefined ? 'the lock' : `lock ${nameText(key, 24)}`
  const { nanos } = both
  const long = nanos === undefined || nanos <= 0 || !hasTimes(history) ? ' at the same time' : ` for ${duration(nanos)}`
  return { title: `Two clients held ${name}${long}` }
}
