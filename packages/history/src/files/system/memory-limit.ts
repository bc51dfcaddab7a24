/** Thrown if a history needs more memory than allowed. */
export class MemoryLimitError extends Error {
  override readonly name: string = 'MemoryLimitError'
  /** Number of events read before the error. */
  readonly events: number
  readonly textBytes: number
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
    super(`the history exceeds its memory limit: ${events} events were read`)
    this.events = events
    this.textBytes = textBytes
    this.of = of
  }
}

/** The memory of the packed operations, and all memory in use. */
export interface HeldBytes {
  readonly packedBytes: number
  readonly sizeBytes: number
}

/**
 * The memory is not estimated before this share of the text has been read. Until then, memory pages are mostly empty,
 * so the estimate would be too high.
 */
const SIGNIFICANT_PART = 0.1

/**
 * Estimates from the text read so far whether packing will exceed the memory limit. `density`: the operations per byte
 * in the rest of the text, divided by the operations per byte so far.
 */
export function willExceed(
  memoryBytes: number,
  { packedBytes, sizeBytes }: HeldBytes,
  { textBytes, of = textBytes, density }: { textBytes: number; of: number | undefined; density: number },
): boolean {
  if (sizeBytes > memoryBytes) return true
  const left = textBytes < of * SIGNIFICANT_PART ? 0 : Math.max(0, of / textBytes - 1)
  return sizeBytes + left * density * packedBytes > memoryBytes
}
