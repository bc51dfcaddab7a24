/** A history was not read to its end, because it takes more memory than it may. */
export class MemoryLimitError extends Error {
  override readonly name: string = 'MemoryLimitError'
  /** What had been read by then. */
  readonly events: number
  /** Of text, uncompressed. */
  readonly textBytes: number

  constructor({ events, textBytes }: { readonly events: number; readonly textBytes: number }) {
    super(`the history takes more memory than it may: ${events} events were read`)
    this.events = events
    this.textBytes = textBytes
  }
}
