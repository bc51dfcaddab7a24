import type { Budget } from '../limits/budget.ts'

/**
 * Lists of items, one list for each operation, in a single array. The list of operation i is items[start[i]] …
 * items[start[i + 1] - 1].
 */
export interface Lists {
  readonly start: Int32Array
  readonly items: Int32Array
}

/**
 * Groups the indices of `keys` by key. Omits indices with a negative key.
 *
 * @throws OutOfTime
 */
export function groupBy(keys: ArrayLike<number>, count: number, budget: Budget): Lists {
  const start = new Int32Array(count + 1)
  for (let i = 0; i < keys.length; i++) if (keys[i] >= 0) start[keys[i] + 1]++
  for (let k = 0; k < count; k++) start[k + 1] += start[k]
  const next = start.slice()
  const items = new Int32Array(start[count])
  for (let i = 0; i < keys.length; i++) {
    budget.tick()
    if (keys[i] >= 0) items[next[keys[i]]++] = i
  }
  return { start, items }
}

/** By item: the operation whose list contains it. */
export function ownersOf(start: Int32Array): Int32Array {
  const owner = new Int32Array(start[start.length - 1])
  for (let i = 0; i + 1 < start.length; i++) owner.fill(i, start[i], start[i + 1])
  return owner
}

/** Inverts the lists: from each item to the operations whose lists contain it. */
export function turned({ start, items }: Lists, budget: Budget): Lists {
  if (items.length === 0) return { start, items }
  const owner = ownersOf(start)
  const { start: turnedStart, items: places } = groupBy(items, start.length - 1, budget)
  return { start: turnedStart, items: places.map((place) => owner[place]) }
}

export function addTo<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

/** The distinct numbers, in ascending order. */
export const ascending = (numbers: Iterable<number>): number[] =>
  [...(numbers instanceof Set ? (numbers as ReadonlySet<number>) : new Set(numbers))].sort((a, b) => a - b)

/** The numbers from `from` to `to` - 1. */
export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)
