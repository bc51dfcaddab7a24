/**
 * Operations of some keys as bytes: what it takes to judge each key by itself, which is less than a fifth of what
 * columns take. Pages are in shared memory, so that other threads get them without a copy.
 */
export interface PackedRows {
  readonly count: number
  readonly pages: readonly Uint8Array[]
}

// Of a row: its call, counted from that of the row before (zigzag); its return counted from its call, 0 for none; the
// key's place, 0 for none; the function; the byte that says what follows; flags, values and the error's text, if it has
// them. Numbers are little-endian, seven bits a byte, the high bit set in all bytes but the last.

/** What follows. The two lowest bits are the outcome, the next two which values there are. */
export const VALUES_SHIFT = 2
/** Neither value is said: both are null. */
export const NO_VALUES = 0
/** The input is null. */
export const OUTPUT_ONLY = 1
/** The output is the input. */
export const ONE_VALUE = 2
export const TWO_VALUES = 3
export const FIRST_IS_TEXT = 16
export const SECOND_IS_TEXT = 32
export const HAS_ERROR = 64
export const HAS_FLAGS = 128
