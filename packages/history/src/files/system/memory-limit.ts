/** Reading stopped because the history needs more memory than it is allowed. */
export class MemoryLimitError extends Error {
  override readonly name: string = 'MemoryLimitError'
  /** Events read by then. */
  readonly events: number
  /** Bytes of text, uncompressed. */
  readonly textBytes: number
  /** All bytes of text, if known. */
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

/** What is held while a recording is packed: the packed operations, which grow with the text, and all else. */
export interface HeldBytes {
  readonly packedBytes: number
  readonly sizeBytes: number
}

/** Before this part has been read, packed pages are mostly empty, and say nothing of the rest. */
const TELLING_PART = 0.1

/**
 * Whether packing a recording will take more memory than it may, if the rest of its text holds at least `density` times the
 * operations per byte that the first part does. Names need not grow any more. `of`: all bytes of text, if known.
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
