import { CAS, type Encoded } from '../../../encoding/encoded.ts'

/** A set of open operations is one word, which limits how many can be open at once. */
export const MOST_OPEN = 32

/** The operations open at one moment of a walk over the events, each represented by one bit. */
export interface FewOpen {
  readonly bitOf: Int32Array
  /** By kind: the open operations. */
  readonly sets: Int32Array
  /** By value and kind (`KINDS` per value): the operations that read, write or compare with it, or found another. */
  readonly masks: Int32Array
  readonly add: (operation: number) => void
  readonly remove: (operation: number) => void
  /** Undoes `remove`; everything after that must be undone already. */
  readonly restore: (operation: number) => void
  /** The operation of a set's lowest bit. */
  readonly least: (set: number) => number
}

/** READ, WRITE, CAS and DIFFERS. */
export const KINDS = 4

export function createFewOpen({ length, kind, expects, writes, values }: Encoded): FewOpen {
  const operationAt = new Int32Array(MOST_OPEN)
  const bitOf = new Int32Array(length)
  const sets = new Int32Array(KINDS)
  const masks = new Int32Array(KINDS * values)
  let free = -1
  /** Opens a closed operation and closes an open one. */
  const toggle = (operation: number): void => {
    const bit = bitOf[operation]
    const k = kind[operation]
    // For a read or a write, the other of the two is NOTHING: all ones in binary.
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
