import type { CutMode, Random, TcpHarm } from '@chaosproxy/faults'

/** The content of one direction of a connection: bytes, or the way in which they ended. */
export type Content = 'bytes' | 'end' | 'reset'

/** What a stage does with arriving content. `close`: it closes the connection instead. */
type Fate = 'pass' | 'hold' | 'discard' | 'close'

/** How a fault ends a connection: by FIN or by RST. */
export type Ending = 'close' | 'reset'

export interface Alarm {
  readonly atMs: number
  readonly ending: Ending
}

/** A chunk as it arrived. As long as any part of a chunk waits, the same object represents it. */
export interface Chunk {
  readonly arrivedAtMs: number
  /** The bytes as they arrived, in borrowed memory; empty for the end of a stream. */
  readonly bytes: Buffer
}

/** Content that is delivered together: the next bytes of a chunk, or the end of the stream. */
export interface Piece {
  readonly chunk: Chunk
  readonly content: Content
  /** 0 for the end of the stream. */
  readonly sizeBytes: number
}

/**
 * One fault on one direction of one connection. Pieces pass the stages in the order in which the faults were applied.
 * The proxy calls `moved`, `discarded` and `transform` only when a piece leaves or bytes are discarded. It may call the
 * other methods any number of times to plan the delivery.
 */
export interface Stage {
  /**
   * The arriving content that counts as a hit of the fault. 'nothing': hits are counted when the fault takes effect.
   */
  readonly countsArriving: 'everything' | 'bytes' | 'ends' | 'nothing'
  /**
   * How this stage cuts connections, if it does. A cut acts on new connections and on all waiting bytes, at whichever
   * stage they wait.
   */
  readonly cut?: CutMode | undefined
  fate?(content: Content): Fate
  /** Returns how many of the bytes may continue as one piece; at least 1. */
  portionBytes?(sizeBytes: number, chunk: Chunk): number
  /**
   * Returns the delay of a chunk or of the stream's end. The delay of a chunk changes only with the fault's parameters.
   */
  delayMs?(chunk: Chunk, content: Content): number
  /**
   * Returns the time at which a piece leaves this stage if the piece arrives at `atMs`. Called repeatedly while the
   * piece waits. `earliestMs` is the current time minus the delay of later stages. After a stall, a stage that limits
   * the rate makes up for lost time, but only for a limited time before `earliestMs`.
   */
  leavesAtMs?(piece: Piece, atMs: number, earliestMs: number): number
  /**
   * Reports that a piece has left. `last`: whether it was the last piece of its chunk. Returns 'close' if nothing may
   * follow.
   */
  moved?(piece: Piece, last: boolean): Ending | undefined
  /** Reports that bytes were discarded at this stage. */
  discarded?(nowMs: number): void
  /** Returns the bytes in the form in which they leave. Must not change the given memory. */
  transform?(bytes: Buffer): Buffer
  /** Returns the time at which the connection ends even if no more bytes arrive. Called while the stage acts. */
  alarm?(nowMs: number): Alarm | undefined
  /** How the connection ends when the fault is removed; undefined if it can continue. */
  readonly atRemoval?: Ending | undefined
  /** Whether pieces are written one at a time, so that they arrive as separate pieces. */
  readonly alone?: boolean | undefined
  /** The longest wait at this stage. `bytesPerSecond` is its highest rate. Both limit how many bytes may wait. */
  readonly longestDelayMs?: number | undefined
  readonly bytesPerSecond?: number | undefined
  readonly dialDelayMs?: number | undefined
  /** Resets new connections. */
  readonly refuses?: boolean | undefined
}

/** The time from which a limited flow can send the next piece. */
export interface Timetable {
  freeAtMs: number
}

/** The fault of a stage, and the direction of the connection on which the stage acts. */
export interface StageContext<Harm = TcpHarm> {
  /** The fault's parameters, which may be updated at any time. */
  readonly harm: () => Harm
  /** The stage's own random stream, created on first use. */
  readonly random: () => Random
  readonly hit: (times?: number) => void
  /** Requests flow from the dialling side to the other side; responses flow back. */
  readonly direction: 'requests' | 'responses'
  /** Identifies the connection: the same object in both directions, usable as the key of their common state. */
  readonly connection: object
  readonly acceptedAtMs: number
  /** The timetable shared by all connections on the link. */
  readonly shared: Timetable
}

export type StageOf<Kind extends TcpHarm['kind']> = (context: StageContext<Extract<TcpHarm, { kind: Kind }>>) => Stage
