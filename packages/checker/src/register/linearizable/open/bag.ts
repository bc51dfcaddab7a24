/** A multiset of small numbers, with its distinct members in a dense list. */
export interface Bag {
  readonly add: (item: number) => void
  readonly remove: (item: number) => void
  readonly count: (item: number) => number
  readonly size: () => number
  readonly at: (place: number) => number
}

export function createBag(items: number): Bag {
  const counts = new Int32Array(items)
  const places = new Int32Array(items)
  const list = new Int32Array(items)
  let size = 0
  return {
    add: (item) => {
      if (counts[item]++ > 0) return
      places[item] = size
      list[size++] = item
    },
    remove: (item) => {
      if (--counts[item] > 0) return
      const last = list[--size]
      list[places[item]] = last
      places[last] = places[item]
    },
    count: (item) => counts[item],
    size: () => size,
    at: (place) => list[place],
  }
}
