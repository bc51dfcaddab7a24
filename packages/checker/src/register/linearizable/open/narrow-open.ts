import { CAS, type Encoded } from '../../../encoding/encoded.ts'

/** The maximum number of operations open at once, because a set of them is one 32-bit word. */
export const MOST_OPEN = 32

export interface FewOpen {
  readonly bitOf: Int32Array
  readonly sets: Int32Array
  /**
   * By value and kind (`KINDS` entries per value): the open operations, as bits. The value of a READ or WRITE is the
   * one read or written. The value of a CAS or DIFFERS (failed cas) is the expected old value.
   */
  readonly masks: Int32Array
  readonly add: (operation: number) => void
  readonly remove: (operation: number) => void
  /** Undoes `remove`. All later changes must already be undone. */
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
  const toggle = (operation: number): void => {
    const bit = bitOf[operation]
    const k = kind[operation]
    // One of the two values is NOTHING, whose bits are all 1. So `&` yields the other one.
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
