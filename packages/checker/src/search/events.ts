import { int32Array } from '@chaosproxy/history'

// The common part of the depth-first searches for registers and for other objects: Wing & Gong's algorithm (1993) with
// Lowe's memo (2017). It takes operations one after another, but none that was called after the return of an operation
// not yet taken, and backtracks at a dead end. It does not recurse: the path is an array, so its length is bounded by
// memory only.
//
// A configuration is stored exactly: as the first return not yet taken, the state, one bit for each operation open at
// that return, and the number used of each class of operations of unknown outcome with equal effects. A bit stands for a
// slot, which is reused after its operation returned; bits are toggled and never cleared, so the first return determines
// the meaning of each. Operations that change no state are taken as soon as they fit and never reconsidered: any
// continuation possible without them is possible with them.
//
// Events: i + 1 for the call of operation i, -(i + 1) for its return, 0 for nothing. Operations of unknown outcome are
// not included.

/** A circular doubly linked list of events: the call of i is entry i, its return length + i, the head 2 * length. */
export interface EventList {
  readonly next: Int32Array
  readonly previous: Int32Array
  readonly head: number
}

export function eventList(events: Int32Array, length: number): EventList {
  const head = 2 * length
  const next = new Int32Array(head + 1)
  const previous = new Int32Array(head + 1)
  let last = head
  for (let position = 0; position < events.length; position++) {
    const event = events[position]
    if (event === 0) continue
    const entry = event > 0 ? event - 1 : length - event - 1
    next[last] = entry
    previous[entry] = last
    last = entry
  }
  next[last] = head
  previous[head] = last
  return { next, previous, head }
}

/** By operation: a small number; operations open at the same time have different numbers. */
export interface Slots {
  readonly of: Int32Array
  /** The number of slots: the largest number of operations open at the same time. */
  readonly count: number
}

export function assignSlots(events: Int32Array, length: number): Slots {
  const of = int32Array(length)
  // A stack of slots that are free again.
  const free = int32Array(length)
  let freeCount = 0
  let count = 0
  for (let position = 0; position < events.length; position++) {
    const event = events[position]
    if (event > 0) of[event - 1] = freeCount === 0 ? count++ : free[--freeCount]
    else if (event < 0) free[freeCount++] = of[-event - 1]
  }
  return { of, count }
}
