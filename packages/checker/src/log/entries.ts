import { firstWhere } from '../search/halving.ts'

/**
 * The known entries of a log, in order: the value of each, as a text or its id, and the least and the greatest offset
 * that it may have. Offsets are whole numbers that increase, with gaps.
 */
export interface Entries<Value> {
  readonly values: Value[]
  readonly least: number[]
  readonly most: number[]
  /** Whether unknown entries may precede the first one. */
  isOpen: boolean
}

export interface Reading<Value> {
  readonly from: number
  readonly limit: number
  readonly entries: readonly { readonly value: Value; readonly offset: number | undefined }[]
}

export const copyOf = <Value>({ values, least, most, isOpen }: Entries<Value>): Entries<Value> => ({
  values: [...values],
  least: [...least],
  most: [...most],
  isOpen,
})

/** Appends a value, at this offset if it is known. Returns whether this is possible. */
export function append<Value>(entries: Entries<Value>, value: Value, offset: number | undefined): boolean {
  const { values, least, most } = entries
  const first = (least.at(-1) ?? -1) + 1
  if (offset !== undefined && offset < first) return false
  values.push(value)
  least.push(offset ?? first)
  most.push(offset ?? Number.POSITIVE_INFINITY)
  return offset === undefined || lowered(entries, values.length - 2, offset - 1)
}

/**
 * Returns the places at which a read of k entries may begin among the known entries, usually one:
 *
 * - Place 0 or more: the read begins with the known entry at this index.
 * - Place -n, from -1 to -k: the first n entries of the read lie directly before the first known entry, and the other
 *   entries of the read are the first known entries.
 * - Place -k - 1: all entries of the read lie before the first known entry, with unknown entries between.
 */
export function placesOf<Value>(known: Entries<Value>, { from, limit, entries }: Reading<Value>): readonly number[] {
  const { values, least, most, isOpen } = known
  const { length } = entries
  if (length > limit) return []
  if (limit === 0) return [0]
  const fits = (place: number): boolean =>
    entries.every(({ value }, at) => place + at < 0 || values[place + at] === value)
  // A read that returned less than its limit shows the end of the log.
  if (length < limit) {
    const place = values.length - length
    return (place >= 0 || isOpen) && fits(place) ? [place] : []
  }
  const places: number[] = []
  let place = firstWhere(0, most.length, (at) => most[at] >= from)
  for (; place + length <= values.length && (place === 0 || least[place - 1] < from); place++)
    if (fits(place)) places.push(place)
  for (let before = 1; isOpen && before <= length && length - before <= values.length; before++)
    if (fits(-before)) places.push(-before)
  if (isOpen) places.push(-length - 1)
  return places
}

/** Adds a read that begins at place `at` (see `placesOf`). Returns false if the read contradicts the known entries. */
export function noteRead<Value>(known: Entries<Value>, { from, limit, entries }: Reading<Value>, at: number): boolean {
  const { values, least, most } = known
  if (limit === 0) return true
  if (at < -entries.length) return raised(known, 0, from + entries.length)
  const before = Math.max(0, -at)
  if (before > 0) {
    values.unshift(...entries.slice(0, before).map(({ value }) => value))
    least.unshift(...entries.slice(0, before).map(() => 0))
    most.unshift(...entries.slice(0, before).map(() => Number.POSITIVE_INFINITY))
    for (let i = 1; i <= before && i < least.length; i++) if (!raised(known, i, least[i - 1] + 1)) return false
    if (before < most.length && !lowered(known, before - 1, most[before] - 1)) return false
  }
  const place = at + before
  if (place < values.length && !raised(known, place, from)) return false
  if (!lowered(known, place - 1, from - 1)) return false
  // A read from offset 0 shows the beginning of the log.
  if (from === 0) {
    if (place > 0) return false
    known.isOpen = false
  }
  return entries.every(
    ({ offset }, n) => offset === undefined || (raised(known, place + n, offset) && lowered(known, place + n, offset)),
  )
}

/**
 * Raises the least possible offset of an entry and of those after it. Returns false if an entry then has no possible
 * offset.
 */
function raised<Value>({ least, most }: Entries<Value>, at: number, offset: number): boolean {
  let bound = offset
  for (let i = at; i < least.length && least[i] < bound; i++, bound++) {
    least[i] = bound
    if (most[i] < bound) return false
  }
  return true
}

/**
 * Lowers the greatest possible offset of an entry and of those before it. Returns false if an entry then has no
 * possible offset.
 */
function lowered<Value>({ least, most }: Entries<Value>, at: number, offset: number): boolean {
  let bound = offset
  for (let i = at; i >= 0 && most[i] > bound; i--, bound--) {
    most[i] = bound
    if (least[i] > bound) return false
  }
  return true
}
