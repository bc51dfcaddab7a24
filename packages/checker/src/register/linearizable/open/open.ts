import { int32Array } from '@chaosproxy/history'
import { CAS, type Encoded, NEVER, READ, WRITE } from '../../../encoding/encoded.ts'
import { assignSlots } from '../../../search/events.ts'
import { eventCount } from '../distinct/zones.ts'

/** The operations open at one moment, as sets of slots in words: slot s is bit s & 31 of word s >> 5. */
export interface OpenOperations {
  /** By operation: its slot. Operations open at the same time have different slots. */
  readonly slotOf: Int32Array
  readonly words: number
  /** By slot: the open cas in it, if any. */
  readonly casAt: Int32Array
  /**
   * `observers`: the slots of reads and failed cas. `casSlots`: the slots of cas. `writeSlots`: the slots of writes.
   */
  readonly observers: Int32Array
  readonly casSlots: Int32Array
  readonly writeSlots: Int32Array
  /**
   * By value: the slots of the open operations that use it. `readers` read it, `writers` write it, `comparers` replace
   * it by a cas, and `waiters` are its `readers` and `comparers`.
   */
  readonly readers: Int32Array
  readonly writers: Int32Array
  readonly comparers: Int32Array
  readonly waiters: Int32Array
  /**
   * `differing`: the slots of the failed cas. `differingFrom`: by value, the slots of the failed cas that expected this
   * value in the register.
   */
  readonly differing: Int32Array
  readonly differingFrom: Int32Array
  /**
   * `firstWrite`: the first write of each value. `nextWrite`: for each operation, the next write of the same value in
   * order of return, or -1.
   */
  readonly firstWrite: Int32Array
  readonly nextWrite: Int32Array
  /**
   * Values of the open operations. `awaited`: the values that reads and cas expect. `written`: the values that writes
   * write.
   */
  readonly awaited: Bag
  readonly written: Bag
  readonly add: (operation: number) => void
  /** Removes an operation, which must be the first to return. */
  readonly remove: (operation: number) => void
  readonly bytes: number
}

export function createOpenOperations(part: Encoded): OpenOperations {
  const { length, kind, expects, writes, returns, values } = part
  const slots = assignSlots(eventsByPosition(part), length)
  const slotOf = slots.of
  const words = Math.max(1, (slots.count + 31) >> 5)
  const byValue = (): Int32Array => new Int32Array(values * words)
  const readers = byValue()
  const writers = byValue()
  // In a history without cas, these three names share the array `readers`: `waiters` then equals `readers`, and the
  // other two are not used.
  const comparers = part.hasConditional ? byValue() : readers
  const waiters = part.hasConditional ? byValue() : readers
  const differingFrom = part.hasConditional ? byValue() : readers
  const differing = new Int32Array(words)
  const observers = new Int32Array(words)
  const casSlots = new Int32Array(words)
  const writeSlots = new Int32Array(words)
  const casAt = new Int32Array(words * 32)
  const firstWrite = new Int32Array(values).fill(-1)
  const nextWrite = new Int32Array(length).fill(-1)
  const awaited = createBag(values)
  const written = createBag(values)

  const list = (operation: number): void => {
    const value = writes[operation]
    let before = -1
    let after = firstWrite[value]
    while (after !== -1 && returns[after] < returns[operation]) {
      before = after
      after = nextWrite[after]
    }
    nextWrite[operation] = after
    if (before === -1) firstWrite[value] = operation
    else nextWrite[before] = operation
  }

  const add = (operation: number): void => {
    const word = slotOf[operation] >> 5
    const bit = 1 << (slotOf[operation] & 31)
    const k = kind[operation]
    if (k === WRITE) {
      writers[writes[operation] * words + word] |= bit
      writeSlots[word] |= bit
      written.add(writes[operation])
      list(operation)
      return
    }
    const value = expects[operation]
    const place = value * words + word
    if (k === READ) {
      readers[place] |= bit
      waiters[place] |= bit
      observers[word] |= bit
      awaited.add(value)
    } else if (k === CAS) {
      comparers[place] |= bit
      waiters[place] |= bit
      casSlots[word] |= bit
      casAt[slotOf[operation]] = operation
      awaited.add(value)
    } else {
      differingFrom[place] |= bit
      differing[word] |= bit
      observers[word] |= bit
    }
  }

  const remove = (operation: number): void => {
    const word = slotOf[operation] >> 5
    const others = ~(1 << (slotOf[operation] & 31))
    const k = kind[operation]
    if (k === WRITE) {
      writers[writes[operation] * words + word] &= others
      writeSlots[word] &= others
      written.remove(writes[operation])
      firstWrite[writes[operation]] = nextWrite[operation]
      return
    }
    const value = expects[operation]
    const place = value * words + word
    if (k === READ) {
      readers[place] &= others
      waiters[place] &= others
      observers[word] &= others
      awaited.remove(value)
    } else if (k === CAS) {
      comparers[place] &= others
      waiters[place] &= others
      casSlots[word] &= others
      awaited.remove(value)
    } else {
      differingFrom[place] &= others
      differing[word] &= others
      observers[word] &= others
    }
  }

  return {
    slotOf,
    words,
    casAt,
    observers,
    casSlots,
    writeSlots,
    readers,
    writers,
    comparers,
    waiters,
    differing,
    differingFrom,
    firstWrite,
    nextWrite,
    awaited,
    written,
    add,
    remove,
    bytes: 4 * (6 * length + (7 + 5 * words) * values),
  }
}

/** Lists calls (as i) and returns (as -i - 1) in order. Omits optional operations that do not matter. */
export function eventsOf(part: Encoded, matters: (optional: number) => boolean): Int32Array {
  const { length, calls, returns } = part
  const at = new Int32Array(eventCount(part)).fill(NEVER)
  for (let i = 0; i < length; i++) {
    if (returns[i] === NEVER && !matters(i)) continue
    at[calls[i]] = i
    if (returns[i] !== NEVER) at[returns[i]] = -i - 1
  }
  let count = 0
  for (let position = 0; position < at.length; position++) if (at[position] !== NEVER) at[count++] = at[position]
  return at.subarray(0, count)
}

/** A multiset of small numbers, with its distinct members in a dense list. */
interface Bag {
  readonly add: (item: number) => void
  readonly remove: (item: number) => void
  readonly count: (item: number) => number
  readonly size: () => number
  readonly at: (place: number) => number
}

function createBag(items: number): Bag {
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

/** By position: i + 1 for the call of operation i, -(i + 1) for its return, otherwise 0. */
export function eventsByPosition(part: Encoded): Int32Array {
  const { length, calls, returns } = part
  const events = int32Array(eventCount(part))
  for (let i = 0; i < length; i++) {
    if (returns[i] === NEVER) continue
    events[calls[i]] = i + 1
    events[returns[i]] = -(i + 1)
  }
  return events
}
