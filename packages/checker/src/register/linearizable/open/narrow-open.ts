import { CAS, type Encoded } from '../../../encoding/encoded.ts'

/** The largest number of operations open at once, because a set of open operations is one 32-bit word. */
export const MOST_OPEN = 32

/** The operations open at one moment of a walk over the events, each represented by one bit. */
export interface FewOpen {
  readonly bitOf: Int32Array
  /** By kind: the set of open operations. */
  readonly sets: Int32Array
  /**
   * By value and kind (`KINDS` entries per value): the open operations that read, write or compare with the value.
   * Under DIFFERS: the open failed cas that compared with the value and saw a different one.
   */
  readonly masks: Int32Array
  readonly add: (operation: number) => void
  readonly remove: (operation: number) => void
  /** Undoes `remove`. All changes made after the `remove` must be undone before. */
  readonly restore: (operation: number) => void
  /** Returns the operation of a set's lowest bit. */
  readonly least: (set: number) => number
}

/** The number of kinds: READ, WRITE, CAS and DIFFERS. */
export const KINDS = 4

export function createFewOpen({ length, kind, expects, writes, values }: Encoded): FewOpen {
  const operationAt = new Int32Array(MOST_OPEN)
  const bitOf = new Int32Array(length)
  const sets = new Int32Array(KINDS)
  const masks = new Int32Array(KINDS * values)
  let free = -1
  /** Adds an operation to the open ones, or removes an open operation. */
  const toggle = (operation: number): void => {
    const bit = bitOf[operation]
    const k = kind[operation]
    // A read or a write uses one of the two values. The unused one is NOTHING, whose bits are all 1, so `&` yields the
    // used one.
    const value = k === CAS ? expects[operation] : expects[operation] & writes[operation]
    masks[value * KINDS + k] ^= bit
    sets[k] ^= bit
    free ^= bit
  }
  const restore = (operation: number): void => {
    operationAt[31 - Math.clz32(bitOf[operation])] = operation
    toggle(operation)
  }
  return {
    bitOf,
    sets,
    masks,
    add: (operation) => {
      bitOf[operation] = free & -free
      restore(operation)
    },
    remove: toggle,
    restore,
    least: (set) => operationAt[31 - Math.clz32(set & -set)],
  }
}
