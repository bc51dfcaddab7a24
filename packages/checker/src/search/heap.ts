/** A binary heap: `pop` removes and returns the item that is least by `compare`. */
export interface Heap {
  readonly push: (item: number) => void
  readonly pop: () => number | undefined
  readonly peek: () => number | undefined
}

export function createHeap(compare: (a: number, b: number) => number): Heap {
  const items: number[] = []
  return {
    peek: () => items[0],
    push: (item) => {
      let at = items.length
      items.push(item)
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (compare(items[parent], item) <= 0) break
        items[at] = items[parent]
        at = parent
      }
      items[at] = item
    },
    pop: () => {
      const least = items[0]
      const last = items.pop()
      if (least === undefined || last === undefined || items.length === 0) return least
      let at = 0
      for (;;) {
        let child = 2 * at + 1
        if (child >= items.length) break
        if (child + 1 < items.length && compare(items[child + 1], items[child]) < 0) child++
        if (compare(items[child], last) >= 0) break
        items[at] = items[child]
        at = child
      }
      items[at] = last
      return least
    },
  }
}
