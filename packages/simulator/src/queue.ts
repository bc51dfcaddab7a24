import type { Nanos } from '@chaos/history'

/** Something that will happen. Cancelling it only empties it: it leaves the heap when its time comes. */
export interface Scheduled {
  readonly time: Nanos
  readonly sequence: number
  run: (() => void) | undefined
}

/** What is still to happen, in the only order there is: by time, and what was scheduled first goes first. */
export interface EventQueue {
  schedule(time: Nanos, run: () => void): Scheduled
  next(): Scheduled | undefined
  /** Undoes `next`. */
  putBack(item: Scheduled): void
  clear(): void
}

export function createEventQueue(): EventQueue {
  const heap: Scheduled[] = []
  let sequence = 0

  function siftUp(item: Scheduled): void {
    let at = heap.length
    heap.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as Scheduled
      if (!isBefore(item, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = item
  }

  function siftDown(item: Scheduled): void {
    const { length } = heap
    let at = 0
    while (true) {
      let child = 2 * at + 1
      if (child >= length) break
      if (child + 1 < length && isBefore(heap[child + 1] as Scheduled, heap[child] as Scheduled)) child++
      const below = heap[child] as Scheduled
      if (!isBefore(below, item)) break
      heap[at] = below
      at = child
    }
    heap[at] = item
  }

  return {
    schedule(time, run) {
      const item: Scheduled = { time, sequence: sequence++, run }
      siftUp(item)
      return item
    },
    next() {
      const first = heap[0]
      const last = heap.pop()
      if (first !== last && last !== undefined) siftDown(last)
      return first
    },
    putBack: siftUp,
    clear() {
      heap.length = 0
    },
  }
}

const isBefore = (one: Scheduled, other: Scheduled): boolean =>
  one.time < other.time || (one.time === other.time && one.sequence < other.sequence)
