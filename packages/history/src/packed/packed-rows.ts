/**
 * Operations as bytes, with all that a check of one key needs. They take less than a fifth of the memory of columns,
 * and other threads receive the pages without a copy.
 */
export interface PackedRows {
  readonly count: number
  readonly pages: readonly Uint8Array[]
}

// A row consists of: its call, relative to the call of the previous row (zigzag); its return relative to its call, 0
// for none; the key's place, 0 for none; the function; a byte that describes the rest; flags, values and the error's
// text, if present. Numbers are little-endian, seven bits per byte; the high bit is set in all bytes but the last.

/**
 * The byte that describes the rest of a row: bits 0 and 1 hold the outcome; bits 2 and 3 tell which values the row
 * contains.
 */
export const VALUES_SHIFT = 2
/** The input and the output are null. */
export const NO_VALUES = 0
/** The input is null. */
export const OUTPUT_ONLY = 1
/** The output equals the input, so the row contains the value once. */
export const ONE_VALUE = 2
export const TWO_VALUES = 3
export const FIRST_IS_TEXT = 16
export const SECOND_IS_TEXT = 32
export const HAS_ERROR = 64
export const HAS_FLAGS = 128
