/** Reading stopped because the history needs more memory than it is allowed. */
export class MemoryLimitError extends Error {
  override readonly name: string = 'MemoryLimitError'
  /** Events read by then. */
  readonly events: number
  /** Bytes of text, uncompressed. */
  readonly textBytes: number

  constructor({ events, textBytes }: { readonly events: number; readonly textBytes: number }) {
    super(`the history takes more memory than it may: ${events} events were read`)
    this.events = events
    this.textBytes = textBytes
  }
}
