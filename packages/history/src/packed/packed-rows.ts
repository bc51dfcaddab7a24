/**
 * Operations of some keys as bytes, with the members needed to check each key separately: less than a fifth of the
 * memory of columns. Pages are in shared memory, so that other threads receive them without a copy.
 */
export interface PackedRows {
  readonly count: number
  readonly pages: readonly Uint8Array[]
}

// A row consists of: its call, relative to the call of the previous row (zigzag); its return relative to its call, 0
// for none; the key's place, 0 for none; the function; a byte that describes the following fields; flags, values and
// the error's text, if present. Numbers are little-endian, seven bits per byte; the high bit is set in all bytes but
// the last.

/**
 * The byte that describes the following fields: the two lowest bits are the outcome, the next two bits tell which
 * values are present.
 */
export const VALUES_SHIFT = 2
/** Neither value is present: the input and the output are null. */
export const NO_VALUES = 0
/** Only the output is present; the input is null. */
export const OUTPUT_ONLY = 1
/** Only one value is present; the output equals the input. */
export const ONE_VALUE = 2
export const TWO_VALUES = 3
export const FIRST_IS_TEXT = 16
export const SECOND_IS_TEXT = 32
export const HAS_ERROR = 64
export const HAS_FLAGS = 128
