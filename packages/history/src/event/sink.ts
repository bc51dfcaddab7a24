import type { Stamps } from './clocks.ts'
import type { Epoch } from './epoch.ts'
import type { EventInput, Header } from './event.ts'
import type { Taken } from './taken.ts'

/** Receives the events that a codec reads: a builder, or a stream. */
export interface EventSink {
  /** What the times of its events count from. Absent: from where the file says, and rounded beyond 2^53. */
  readonly epoch?: Epoch | undefined
  header(header: Header): void
  /** `line` is where the event begins in its file, 1-based. */
  event(event: EventInput, line: number): void
  /** Reports something tolerated. */
  warn(message: string): void
  /** Says, before the first event, that events come in the order of their stamps, and what that leaves open. */
  stamped?(stamps: Stamps): void
  /** Says, after the last event, the roles of members with other names than those of the native format. */
  taken?(members: readonly Taken[]): void
}

/** Reads bytes as they arrive. The caller offers those not consumed again, with more after them. */
export interface ChunkReader {
  /**
   * Reads what is complete in bytes[start, end) and returns the position of the first byte not consumed. With `last`,
   * no more bytes follow and all are consumed.
   */
  read(bytes: Uint8Array, start: number, end: number, last: boolean): number
  /** 1-based line of the first byte not consumed. */
  readonly line: number
  /** What was read and not passed on yet; the bytes are approximate. */
  readonly held?: { readonly events: number; readonly bytes: number }
}
