/** Where columns and texts are kept: arrays of so many numbers, all zeros at first. */
export interface Memory {
  readonly uint8Array: (length: number) => Uint8Array
  readonly int32Array: (length: number) => Int32Array
  readonly float64Array: (length: number) => Float64Array
}

/**
 * Short arrays share blocks of this size, which are filled once and never again: an ArrayBuffer takes longer to make and
 * to free than most short arrays are worked on, and histories are built, and checked, by the thousand.
 */
const BLOCK_BYTES = 2 ** 16
const MOST_SHARED_BYTES = 2 ** 13
/** So small a one lies among the objects of the heap, and has no buffer. */
const MOST_INLINE_BYTES = 64

let block = new ArrayBuffer(BLOCK_BYTES)
let used = 0

const isShared = (bytes: number): boolean => bytes > MOST_INLINE_BYTES && bytes <= MOST_SHARED_BYTES

/** Where in the block so many bytes are free. It may be another block than before. */
function claim(bytes: number): number {
  if (used + bytes > BLOCK_BYTES) {
    block = new ArrayBuffer(BLOCK_BYTES)
    used = 0
  }
  const start = used
  // Each array begins where a number of eight bytes may.
  used += (bytes + 7) & ~7
  return start
}

/** As `new Uint8Array(length)`, and so for the others; but several short ones may be of one buffer. */
export function uint8Array(length: number): Uint8Array {
  if (!isShared(length)) return new Uint8Array(length)
  const start = claim(length)
  return new Uint8Array(block, start, length)
}

export function int32Array(length: number): Int32Array {
  if (!isShared(4 * length)) return new Int32Array(length)
  const start = claim(4 * length)
  return new Int32Array(block, start, length)
}

export function float64Array(length: number): Float64Array {
  if (!isShared(8 * length)) return new Float64Array(length)
  const start = claim(8 * length)
  return new Float64Array(block, start, length)
}

export const inHeap: Memory = { uint8Array, int32Array, float64Array }

/** Memory that other threads may read too, so that a history goes to them without being copied. */
export const inSharedMemory: Memory = {
  uint8Array: (length) => new Uint8Array(new SharedArrayBuffer(length)),
  int32Array: (length) => new Int32Array(new SharedArrayBuffer(4 * length)),
  float64Array: (length) => new Float64Array(new SharedArrayBuffer(8 * length)),
}
