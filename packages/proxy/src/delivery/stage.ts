import type { CutMode, Random, TcpHarm } from '@chaosproxy/faults'

/** What moves in one direction of a connection: bytes, or how they ended. */
export type Content = 'bytes' | 'end' | 'reset'

/** What a stage does with what reaches it: pass it, hold it, lose it, or close the connection instead. */
type Fate = 'pass' | 'hold' | 'discard' | 'close'

/** How a fault ends a connection: by FIN, or by RST. */
export type Ending = 'close' | 'reset'

export interface Alarm {
  readonly atMs: number
  readonly ending: Ending
}

/** A chunk as it arrived. The object stays the same while any of it waits. */
export interface Chunk {
  readonly arrivedAtMs: number
  /** Its bytes as they arrived, whose memory is borrowed; none for an end. */
  readonly bytes: Buffer
}

/** What moves together: the next bytes of a chunk, or an end. */
export interface Piece {
  readonly chunk: Chunk
  readonly content: Content
  /** 0 for an end. */
  readonly sizeBytes: number
}

/**
 * One fault on one direction of one connection. Pieces pass the stages of a direction in the order the faults were
 * applied. Planning may ask a stage any number of times; only `moved`, `discarded` and `transform` report that
 * something happened.
 */
export interface Stage {
  /** What counts as a hit on arrival; 'nothing' for a stage that counts by its effect. */
  readonly countsArriving: 'everything' | 'bytes' | 'ends' | 'nothing'
  /** Acts on everything that waits, at whatever stage, and on dialling. */
  readonly cut?: CutMode | undefined
  fate?(content: Content): Fate
  /** How many of the bytes may go on together; at least 1. */
  portionBytes?(sizeBytes: number, chunk: Chunk): number
  /** How long the chunk, or the end, takes to the next stage. Always the same for the same chunk. */
  delayMs?(chunk: Chunk, content: Content): number
  /**
   * When a piece that arrives at `atMs` leaves. Planning repeats the call while the piece waits. A pause after the last
   * piece begins no earlier than `earliestMs`: now, less the delay of later stages.
   */
  leavesAtMs?(piece: Piece, atMs: number, earliestMs: number): number
  /** The piece has left. Returns 'close' if nothing may follow it. `last`: it was the last of its chunk. */
  moved?(piece: Piece, last: boolean): Ending | undefined
  /** Bytes that arrived here were discarded. */
  discarded?(nowMs: number): void
  /** Changes bytes that leave, without changing the given memory. */
  transform?(bytes: Buffer): Buffer
  /** When the connection ends even if nothing arrives. Called while the stage acts. */
  alarm?(nowMs: number): Alarm | undefined
  /** How the connection ends when the fault is removed, if it cannot go on. */
  readonly atRemoval?: Ending | undefined
  /** Writes pieces one at a time, so that they arrive as pieces. */
  readonly alone?: boolean | undefined
  /** The longest wait at this stage, and its highest rate; together they bound how much may wait. */
  readonly longestDelayMs?: number | undefined
  readonly bytesPerSecond?: number | undefined
  readonly dialDelayMs?: number | undefined
  /** Resets new connections. */
  readonly refuses?: boolean | undefined
}

/** When a limited flow is next free. */
export interface Timetable {
  freeAtMs: number
}

/** What a stage has of its fault, and of the direction of the connection that it is for. */
export interface StageContext<Harm = TcpHarm> {
  /** The fault's parameters, which may be updated at any time. */
  readonly harm: () => Harm
  /** The stage's own random stream, created on first use. */
  readonly random: () => Random
  readonly hit: (times?: number) => void
  /** Requests go from the side that dialled to the other; responses come back. */
  readonly direction: 'requests' | 'responses'
  /** The same object in both directions of a connection: the key for what they know together. */
  readonly connection: object
  /** When the connection was accepted. */
  readonly acceptedAtMs: number
  /** Shared by all connections on the link. */
  readonly shared: Timetable
}

export type StageOf<Kind extends TcpHarm['kind']> = (context: StageContext<Extract<TcpHarm, { kind: Kind }>>) => Stage
