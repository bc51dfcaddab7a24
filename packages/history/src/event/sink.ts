import type { Stamps } from './clocks.ts'
import type { Epoch } from './epoch.ts'
import type { EventInput, Header } from './event.ts'
import type { Taken } from './taken.ts'

/** Receives the events that a codec reads: a builder, or a stream. */
export interface EventSink {
  /**
   * The instant from which event times are counted. If absent, they are counted from the origin that the file uses, and
   * are rounded beyond 2^53.
   */
  readonly epoch?: Epoch | undefined
  header(header: Header): void
  /** `line` is the 1-based line at which the event begins in its file. */
  event(event: EventInput, line: number): void
  /** Reports something tolerated. */
  warn(message: string): void
  /** Reports, before the first event, that events are ordered by their stamps, and the precision of the stamps. */
  stamped?(stamps: Stamps): void
  /** Reports, after the last event, the members that have other names than in the native format, with their roles. */
  taken?(members: readonly Taken[]): void
}

/** Reads bytes as they arrive. The caller passes unconsumed bytes again, followed by new bytes. */
export interface ChunkReader {
  /**
   * Reads what is complete in bytes[start, end) and returns the position of the first byte not consumed. With `last`,
   * no more bytes follow and all are consumed.
   */
  read(bytes: Uint8Array, start: number, end: number, last: boolean): number
  /** 1-based line of the first byte not consumed. */
  readonly line: number
  /** The number of events that were read but not yet passed on, and their approximate size in bytes. */
  readonly held?: { readonly events: number; readonly bytes: number }
}
