import { type Json, readsWhole } from '@chaosproxy/history'
import type { WireEvent } from '../ports/cluster.ts'

/**
 * Infers how many additions took effect without a reply. The values of a key show this if only additions change the
 * key.
 */
export interface Sums {
  client(event: WireEvent): void
  hidden(key: string): Hidden
}

interface Hidden {
  /** The minimum number of additions that took effect without a reply. */
  readonly seen: number
  /** Whether `seen` certainly counts every addition that took effect without a reply. */
  readonly isAll: boolean
}

interface Values {
  /** The results of the additions that were answered. */
  readonly made: Set<string>
  /** The values that reads returned, and the values that additions found before they changed them. */
  readonly found: Set<string>
  beganEmpty: boolean
  /** The last value that was read after the last addition. */
  last: string | undefined
  greatest: number
  /** Whether every addition increased the value to one that no earlier addition had produced. */
  isGrowing: boolean
  /** Whether anything other than an addition changed the key. */
  isMixed: boolean
}

/** Maximum number of values to remember. If there are more, nothing is inferred. */
const MOST_VALUES = 100_000

export function createSums(): Sums {
  const keys = new Map<string, Values>()
  let held = 0
  return {
    client({ type, f, key, value = null }) {
      if (key === undefined || (type !== 'ok' && type !== 'invoke') || held > MOST_VALUES) return
      const values = keys.get(key) ?? newValues()
      if (!keys.has(key)) keys.set(key, values)
      held++
      if (type === 'invoke') values.isMixed ||= !readsWhole(f) && !(f === 'cas' && value === null)
      else if (readsWhole(f)) noteRead(values, value)
      else noteSum(values, value)
    },
    hidden(key) {
      const values = keys.get(key)
      if (values === undefined || values.isMixed || held > MOST_VALUES) return { seen: 0, isAll: false }
      const { made, found, beganEmpty, last, greatest, isGrowing } = values
      const unexplained = [...found].filter((value) => !made.has(value)).length
      const seen = Math.max(0, beganEmpty ? unexplained : unexplained - 1)
      // If every addition increases the value, additions without a reply produce values that are missing from `made`.
      // Such a value counts as unexplained once it is found.
      return { seen, isAll: beganEmpty && isGrowing && unexplained === 0 && Number(last) === greatest }
    },
  }
}

const newValues = (): Values => ({
  made: new Set(),
  found: new Set(),
  beganEmpty: false,
  last: undefined,
  greatest: Number.NEGATIVE_INFINITY,
  isGrowing: true,
  isMixed: false,
})

function noteRead(values: Values, value: Json): void {
  if (typeof value !== 'string') values.beganEmpty ||= value === null
  else values.found.add(value)
  values.last = typeof value === 'string' ? value : undefined
}

/** Notes the result of an addition: `[old, sum]`, or `[sum]` if the key was absent. */
function noteSum(values: Values, value: Json): void {
  if (!Array.isArray(value)) return
  const sum = String(value.at(-1))
  const old = value.length === 2 ? String(value[0]) : undefined
  if (old === undefined) values.beganEmpty = true
  else values.found.add(old)
  values.isGrowing &&= Number(sum) > Number(old ?? 0) && !values.made.has(sum)
  values.made.add(sum)
  values.greatest = Math.max(values.greatest, Number(sum))
  values.last = undefined
}
