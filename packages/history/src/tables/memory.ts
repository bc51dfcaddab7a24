export interface Memory {
  readonly uint8Array: (length: number) => Uint8Array
  readonly int32Array: (length: number) => Int32Array
  readonly float64Array: (length: number) => Float64Array
}

/**
 * The size of the blocks that short arrays share. Most short arrays are in use only briefly. Creating and freeing an
 * `ArrayBuffer` for each short array would take longer than its use.
 */
const BLOCK_BYTES = 2 ** 16
const MOST_SHARED_BYTES = 2 ** 13
/** V8 stores arrays up to this size in the heap, without a buffer. */
const MOST_INLINE_BYTES = 64

let block = new ArrayBuffer(BLOCK_BYTES)
let used = 0

const isShared = (bytes: number): boolean => bytes > MOST_INLINE_BYTES && bytes <= MOST_SHARED_BYTES

function claim(bytes: number): number {
  if (used + bytes > BLOCK_BYTES) {
    block = new ArrayBuffer(BLOCK_BYTES)
    used = 0
  }
  const start = used
  // Round up, so that the next array is aligned to eight bytes.
  used += (bytes + 7) & ~7
  return start
}

/** Like `new Uint8Array(length)`, but several short arrays may share one buffer. */
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

/** Memory that threads share, so that they receive a history without a copy. */
export const inSharedMemory: Memory = {
  uint8Array: (length) => new Uint8Array(new SharedArrayBuffer(length)),
  int32Array: (length) => new Int32Array(new SharedArrayBuffer(4 * length)),
  float64Array: (length) => new Float64Array(new SharedArrayBuffer(8 * length)),
}

// The sizes in bytes were measured with V8 of Node 20.
const OBJECT_BYTES = 300
const BYTES_PER_CHARACTER = 3

export const sizeInHeap = (value: object): number => OBJECT_BYTES + BYTES_PER_CHARACTER * JSON.stringify(value).length
