/** Thrown if a history needs more memory than allowed. */
export class MemoryLimitError extends Error {
  override readonly name: string = 'MemoryLimitError'
  /** Number of events read before the error. */
  readonly events: number
  /** Bytes of text read before the error, uncompressed. */
  readonly textBytes: number
  /** Bytes of the whole text, if known. */
  readonly of: number | undefined

  constructor({
    events,
    textBytes,
    of,
  }: {
    readonly events: number
    readonly textBytes: number
    readonly of?: number | undefined
  }) {
    super(`the history takes more memory than it may: ${events} events were read`)
    this.events = events
    this.textBytes = textBytes
    this.of = of
  }
}

/** Memory held during packing: the packed operations, which grow with the text, and everything else. */
export interface HeldBytes {
  readonly packedBytes: number
  readonly sizeBytes: number
}

/**
 * The share of the text that must be read before packed pages allow an estimate. In the beginning, the pages are mostly
 * empty.
 */
const TELLING_PART = 0.1

/**
 * Returns whether packing a recording will exceed its memory limit. Assumes that the rest of the text has `density`
 * times as many operations per byte as the part already read, and that names need no more memory. `of` is the size in
 * bytes of the whole text, if known.
 */
export function willExceed(
  memoryBytes: number,
  { packedBytes, sizeBytes }: HeldBytes,
  { textBytes, of = textBytes, density }: { textBytes: number; of: number | undefined; density: number },
): boolean {
  if (sizeBytes > memoryBytes) return true
  const left = textBytes < of * TELLING_PART ? 0 : Math.max(0, of / textBytes - 1)
  return sizeBytes + left * density * packedBytes > memoryBytes
}
