import type { Epoch } from './epoch.ts'
import type { EventInput, Header, Stamps } from './event.ts'
import type { Taken } from './taken.ts'

/** Receives the events that a codec reads: a builder, or a stream. */
export interface EventSink {
  /** The instant from which times are counted; by default the origin that the file uses. */
  readonly epoch?: Epoch | undefined
  header(header: Header): void
  /** `line` is the line, from 1, at which the event begins. */
  event(event: EventInput, line: number): void
  /**
   * Reports an irregularity that is tolerated. `about` is `unit` if the unit of the times was guessed, and their size
   * does not confirm it.
   */
  warn(message: string, about?: 'unit'): void
  /** Called before the first event if time stamps, and not lines, determine the order of the events. */
  stamped?(stamps: Stamps): void
  /** Reports, after the last event, the members with non-native names. */
  taken?(members: readonly Taken[]): void
}

/** Reads bytes as they arrive. Bytes that a call does not consume must be passed again. */
export interface ChunkReader {
  /**
   * Reads the complete part of bytes[start, end) and returns the first position not consumed. With `last`, consumes all
   * bytes.
   */
  read(bytes: Uint8Array, start: number, end: number, last: boolean): number
  readonly line: number
  readonly held?: Held | undefined
}

/** The events that were read but not yet passed on, and their approximate size. */
export interface Held {
  readonly events: number
  readonly bytes: number
}
