import type { CutMode, Random, TcpHarm } from '@chaosproxy/faults'

/** The content of one direction: bytes, or how they ended. */
export type Content = 'bytes' | 'end' | 'reset'

/** What a stage does with content; `close` ends the connection instead. */
type Fate = 'pass' | 'hold' | 'discard' | 'close'

/** How a fault ends a connection: by FIN or by RST. */
export type Ending = 'close' | 'reset'

export interface Alarm {
  readonly atMs: number
  readonly ending: Ending
}

/** A chunk as it arrived: the same object while any part of it waits. */
export interface Chunk {
  readonly arrivedAtMs: number
  /** In borrowed memory; empty for the end of a stream. */
  readonly bytes: Buffer
}

/** Content that is delivered together. */
export interface Piece {
  readonly chunk: Chunk
  readonly content: Content
  /** 0 for the end of the stream. */
  readonly sizeBytes: number
}

/**
 * One fault on one direction of a connection. Pieces pass the stages in the order of the faults. Planning may call a
 * stage any number of times; only `moved`, `discarded` and `transform` report that something happened.
 */
export interface Stage {
  /** Which arrivals count as hits; 'nothing' for a stage that counts its effects. */
  readonly countsArriving: 'everything' | 'bytes' | 'ends' | 'nothing'
  /** A cut. It acts on dialling, and on all waiting bytes, wherever they wait. */
  readonly cut?: CutMode | undefined
  fate?(content: Content): Fate
  /** Returns how many bytes may continue together; at least 1. */
  portionBytes?(sizeBytes: number, chunk: Chunk): number
  /** Returns how long the chunk or end takes to the next stage, always the same for a chunk. */
  delayMs?(chunk: Chunk, content: Content): number
  /**
   * Returns when a piece that arrives at `atMs` leaves. Planning repeats the call while it waits. A pause after the
   * previous piece begins no earlier than `earliestMs`: now, less the delay of later stages.
   */
  leavesAtMs?(piece: Piece, atMs: number, earliestMs: number): number
  /** Reports that a piece has left, `last` of its chunk. Returns 'close' if nothing may follow. */
  moved?(piece: Piece, last: boolean): Ending | undefined
  /** Reports that bytes were discarded at this stage. */
  discarded?(nowMs: number): void
  /** Returns leaving bytes changed, without changing the given memory. */
  transform?(bytes: Buffer): Buffer
  /** Returns when the connection ends even if nothing arrives. Called while the stage acts. */
  alarm?(nowMs: number): Alarm | undefined
  /** How the connection ends when the fault is removed, if it does. */
  readonly atRemoval?: Ending | undefined
  /** Whether pieces are written one at a time, to arrive separately. */
  readonly alone?: boolean | undefined
  /** The longest wait here. With the highest rate, `bytesPerSecond`, it limits how many bytes may wait. */
  readonly longestDelayMs?: number | undefined
  readonly bytesPerSecond?: number | undefined
  readonly dialDelayMs?: number | undefined
  /** Resets new connections. */
  readonly refuses?: boolean | undefined
}

/** When a limited flow can send again. */
export interface Timetable {
  freeAtMs: number
}

/** A stage's fault, and the direction on which it acts. */
export interface StageContext<Harm = TcpHarm> {
  /** The parameters, which may change at any time. */
  readonly harm: () => Harm
  /** The stage's own randomness, created on first use. */
  readonly random: () => Random
  readonly hit: (times?: number) => void
  /** Requests flow from the dialling side to the other side; responses flow back. */
  readonly direction: 'requests' | 'responses'
  /** The connection: the same object in both directions, as a key of common state. */
  readonly connection: object
  readonly acceptedAtMs: number
  /** Shared by all connections on the link. */
  readonly shared: Timetable
}

export type StageOf<Kind extends TcpHarm['kind']> = (context: StageContext<Extract<TcpHarm, { kind: Kind }>>) => Stage
