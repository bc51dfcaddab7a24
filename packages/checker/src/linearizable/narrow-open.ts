import { CAS, type Encoded, NEVER, READ, WRITE } from '../encoded.ts'
import { eventCount } from './zones.ts'

/** A set of open operations is one word, so there can be no more of them at once. */
export const MOST_OPEN = 32

/** Places in `sets`: reads and failed cas, cas, writes, failed cas. */
export const OBSERVERS = 0
export const COMPARING = 1
export const WRITING = 2
export const DIFFERING = 3
const FREE = 4

/** The operations that are open at one moment of a walk over the events, each known by one bit. */
export interface FewOpen {
  readonly bitOf: Int32Array
  readonly sets: Int32Array
  /** By value: who reads it, writes it, compares with it, and those failed cas that found another value than that. */
  readonly readers: Int32Array
  readonly writers: Int32Array
  readonly comparers: Int32Array
  readonly differingFrom: Int32Array
  readonly add: (operation: number) => void
  readonly remove: (operation: number) => void
  /** Undoes `remove`, when all that followed it is undone. */
  readonly restore: (operation: number) => void
  /** The operation of the least bit of a set. */
  readonly least: (set: number) => number
}

export function createFewOpen({ length, kind, expects, writes, values, hasConditional }: Encoded): FewOpen {
  const operationAt = new Int32Array(MOST_OPEN)
  const bitOf = new Int32Array(length)
  const sets = new Int32Array(5)
  sets[FREE] = -1
  const readers = new Int32Array(values)
  const writers = new Int32Array(values)
  // Where there is no cas these are never looked at apart.
  const comparers = hasConditional ? new Int32Array(values) : readers
  const differingFrom = hasConditional ? new Int32Array(values) : readers

  const restore = (operation: number): void => {
    const bit = bitOf[operation]
    sets[FREE] &= ~bit
    operationAt[31 - Math.clz32(bit)] = operation
    const k = kind[operation]
    if (k === READ) {
      readers[expects[operation]] |= bit
      sets[OBSERVERS] |= bit
    } else if (k === WRITE) {
      writers[writes[operation]] |= bit
      sets[WRITING] |= bit
    } else if (k === CAS) {
      comparers[expects[operation]] |= bit
      sets[COMPARING] |= bit
    } else {
      differingFrom[expects[operation]] |= bit
      sets[DIFFERING] |= bit
      sets[OBSERVERS] |= bit
    }
  }
  const remove = (operation: number): void => {
    const bit = bitOf[operation]
    sets[FREE] |= bit
    const k = kind[operation]
    if (k === READ) {
      readers[expects[operation]] &= ~bit
      sets[OBSERVERS] &= ~bit
    } else if (k === WRITE) {
      writers[writes[operation]] &= ~bit
      sets[WRITING] &= ~bit
    } else if (k === CAS) {
      comparers[expects[operation]] &= ~bit
      sets[COMPARING] &= ~bit
    } else {
      differingFrom[expects[operation]] &= ~bit
      sets[DIFFERING] &= ~bit
      sets[OBSERVERS] &= ~bit
    }
  }
  return {
    bitOf,
    sets,
    readers,
    writers,
    comparers,
    differingFrom,
    add: (operation) => {
      bitOf[operation] = sets[FREE] & -sets[FREE]
      restore(operation)
    },
    remove,
    restore,
    least: (set) => operationAt[31 - Math.clz32(set & -set)],
  }
}

/**
 * By position what happens there: i + 1 for the call of operation i, -(i + 1) for its return, 0 for nothing, and for
 * operations of unknown outcome.
 */
export function eventsByPosition(part: Encoded): Int32Array {
  const { length, calls, returns } = part
  const events = new Int32Array(eventCount(part))
  for (let i = 0; i < length; i++) {
    if (returns[i] === NEVER) continue
    events[calls[i]] = i + 1
    events[returns[i]] = -(i + 1)
  }
  return events
}

/** Whether there are never more than so many operations open at once. */
export function fewAreOpen(events: Int32Array, most: number): boolean {
  let open = 0
  for (let position = 0; position < events.length; position++) {
    const event = events[position]
    if (event < 0) open--
    else if (event > 0 && ++open > most) return false
  }
  return true
}
