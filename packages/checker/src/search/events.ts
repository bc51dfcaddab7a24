import { int32Array } from '@chaosproxy/history'

// The common part of the depth-first searches for registers and for other objects: Wing & Gong's algorithm (1993) with
// Lowe's memo (2017). The search takes one operation after another. The next operation must have been called before any
// untaken operation returned. At a dead end the search backtracks. It does not recurse: the path is an array, so only
// memory bounds its length.
//
// A configuration is stored exactly. It consists of:
// - the first return of an untaken operation;
// - the state;
// - one bit for each operation open at this return: whether the operation is taken;
// - the numbers of taken operations of unknown outcome, one number for all operations with equal effects.
//
// Each bit belongs to a slot (see `Slots`). After an operation has returned, a later operation can get its slot. The
// bit is then not reset; instead, taking an operation toggles the bit of its slot. All operations that returned before
// the first return of an untaken operation are taken, so this return determines what each bit means.
//
// Operations that change no state are taken as soon as they fit and never reconsidered, because every continuation
// without them is also possible with them.
//
// Events: i + 1 for the call of operation i, -(i + 1) for its return, 0 for nothing. Operations of unknown outcome are
// not included.

/** A circular doubly linked list of events: the call of i is entry i, its return length + i, the head 2 * length. */
export interface EventList {
  readonly next: Int32Array
  readonly previous: Int32Array
  readonly head: number
  readonly unlink: (entry: number) => void
  /** Puts an entry back. The entries unlinked after it must have been put back before. */
  readonly link: (entry: number) => void
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
  return {
    next,
    previous,
    head,
    unlink(entry) {
      next[previous[entry]] = next[entry]
      previous[next[entry]] = previous[entry]
    },
    link(entry) {
      next[previous[entry]] = entry
      previous[next[entry]] = entry
    },
  }
}

/** By operation: its slot. Operations open at the same time have different slots. */
export interface Slots {
  readonly of: Int32Array
  /** The maximum number of operations open at the same time. */
  readonly count: number
}

export function assignSlots(events: Int32Array, length: number): Slots {
  const of = int32Array(length)
  // A stack of slots that are no longer in use.
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
