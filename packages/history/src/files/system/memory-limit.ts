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
    super(`the history takes more memory than it may: ${events} events were read`)
    this.events = events
    this.textBytes = textBytes
    this.of = of
  }
}

/** The memory in use during packing: by the packed operations, and in all. */
export interface HeldBytes {
  readonly packedBytes: number
  readonly sizeBytes: number
}

/** The share of the text that must be read before an estimate. At first, the pages are mostly empty. */
const TELLING_PART = 0.1

/**
 * Returns whether packing will exceed the memory limit, by an estimate from the text read so far. `density` compares
 * the operations per byte in the rest with those in that text.
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
