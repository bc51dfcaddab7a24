import { canonical, meaningOf } from '@chaosproxy/history'
import type { HandedOutTwice } from './claim.ts'
import { handedBy } from './lost.ts'
import { changeOf, effectOf, type Held, held, isOk, type Recorded, rowsOfKey } from './recorded.ts'

/**
 * Checks that every message was delivered more often than it was sent. For ids, checks that every id was issued
 * repeatedly. `unknown` if messages may also come from elsewhere.
 */
export function isHandedOutTwice({ history }: Recorded, { of, handed }: HandedOutTwice): Held {
  const initial = history.header?.initial
  const isGivenBack = history.functions.some((f) => meaningOf(f)?.effect === 'settles')
  if (of === 'messages' && (isGivenBack || initial === 'unknown')) return 'unknown'
  return held(
    handed.every(({ key, value, times }) => {
      const rows = rowsOfKey(history, key === undefined ? -1 : history.keys.indexOf(key))
      const text = canonical(value)
      const out = rows
        .filter(
          (row) => isOk(history, row) && (effectOf(history, row) === 'takes' || effectOf(history, row) === 'drains'),
        )
        .flatMap((row) => handedBy(history, row))
        .filter((each) => canonical(each) === text).length
      const put = rows.filter((row) => effectOf(history, row) === 'appends' && changeOf(history, row) === text).length
      const there = Array.isArray(initial) ? initial.filter((each) => canonical(each) === text).length : 0
      return out >= times && (of === 'ids' ? 1 : put + there) < out
    }),
  )
}
