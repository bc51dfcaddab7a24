import type { EventInput, Header } from './event.ts'

/** Whoever takes what a codec reads: a builder, or a stream of events. */
export interface EventSink {
  header(header: Header): void
  /** `line` is where the event begins in its file, 1-based. */
  event(event: EventInput, line: number): void
  /** Something was tolerated. */
  warn(message: string): void
}

/**
 * Reads a file's bytes as they come. The caller keeps what was not consumed and offers it again with more behind it.
 */
export interface ChunkReader {
  /**
   * Reads what is complete in bytes[start, end) and returns the position of the first byte it did not consume; with
   * `last`, no more bytes follow, and all are consumed.
   */
  read(bytes: Uint8Array, start: number, end: number, last: boolean): number
  /** 1-based line of the first byte not consumed. */
  readonly line: number
}
