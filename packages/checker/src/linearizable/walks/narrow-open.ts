import { CAS, type Encoded } from '../../encoded.ts'

/** A set of open operations is one word, so there can be no more of them at once. */
export const MOST_OPEN = 32

/** The operations that are open at one moment of a walk over the events, each known by one bit. */
export interface FewOpen {
  readonly bitOf: Int32Array
  /** By kind: who is open. */
  readonly sets: Int32Array
  /** By value and kind (`KINDS` places for each value): who reads it, writes it, compares with it, found it another one. */
  readonly masks: Int32Array
  readonly add: (operation: number) => void
  readonly remove: (operation: number) => void
  /** Undoes `remove`, when all that followed it is undone. */
  readonly restore: (operation: number) => void
  /** The operation of the least bit of a set. */
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
  /** Opens what is closed, and the other way round. */
  const toggle = (operation: number): void => {
    const bit = bitOf[operation]
    const k = kind[operation]
    // Of a read and of a write the other of the two is NOTHING, all ones in binary.
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
