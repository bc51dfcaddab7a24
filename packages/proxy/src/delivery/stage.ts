import type { CutMode, Random, TcpHarm } from '@chaosproxy/faults'

/** What moves in one direction of a connection: bytes, or how they ended. */
export type Content = 'bytes' | 'end' | 'reset'

/** What a stage does with what reaches it: keep it back, lose it, or end the connection in its place. */
export type Fate = 'pass' | 'hold' | 'discard' | 'close'

/** How a fault ends a connection: in good order, or by RST. */
export type Ending = 'close' | 'reset'

export interface Alarm {
  readonly atMs: number
  readonly ending: Ending
}

/** A chunk as it arrived; the same object for as long as anything of it waits. */
export interface Chunk {
  readonly arrivedAtMs: number
}

/** What goes on together: the next bytes of a chunk, or an end. */
export interface Piece {
  readonly chunk: Chunk
  readonly content: Content
  /** 0 for an end. */
  readonly sizeBytes: number
}

/**
 * One fault on one direction of one connection. Pieces go through the stages of a direction in the order in which the
 * faults were applied. Planning asks a stage as often as it likes; only `moved`, `discarded` and `transform` tell it
 * that something happened.
 */
export interface Stage {
  /** What counts as a hit as soon as it arrives; a stage that counts by what it does to it says 'nothing'. */
  readonly countsArriving: 'everything' | 'bytes' | 'ends' | 'nothing'
  /** Acts on everything that waits, wherever it is on its way, and on dialling. */
  readonly cut?: CutMode | undefined
  fate?(content: Content): Fate
  /** How many of so many bytes may go on together; at least 1. */
  portionBytes?(sizeBytes: number, chunk: Chunk): number
  /**
   * How long the chunk, or the end, takes from here to the next stage. The same for as long as it is asked of the
   * same.
   */
  delayMs?(chunk: Chunk, content: Content): number
  /**
   * When a piece leaves that gets here at `atMs`; before `earliestMs` it should have left long ago, so nothing is
   * made up.
   */
  leavesAtMs?(piece: Piece, atMs: number, earliestMs: number): number
  /** The piece has left. 'close' where nothing may follow it. `last`: it was the last of its chunk. */
  moved?(piece: Piece, last: boolean): Ending | undefined
  /** What got here was lost. */
  discarded?(nowMs: number): void
  /** What becomes of bytes that leave; the memory given is not changed. */
  transform?(bytes: Buffer): Buffer
  /** When the connection is to end without anything happening. Asked for as long as the stage acts. */
  alarm?(nowMs: number): Alarm | undefined
  /** How the connection ends when the fault is removed, where it cannot go on. */
  readonly atRemoval?: Ending | undefined
  /** Pieces are written one by one, so that they arrive as pieces. */
  readonly alone?: boolean | undefined
  /** For how long what passes may wait here, and how fast it goes at most: together they say what may wait. */
  readonly longestDelayMs?: number | undefined
  readonly bytesPerSecond?: number | undefined
  /** Put off dialling by so much. */
  readonly dialDelayMs?: number | undefined
  /** Connections that begin are reset. */
  readonly refuses?: boolean | undefined
}

/** When a limited flow is free again, in the time of its stage. */
export interface Timetable {
  freeAtMs: number
}

export interface StageContext<Harm extends TcpHarm = TcpHarm> {
  /** The fault's parameters, which may be updated at any time. */
  readonly harm: () => Harm
  /** The stage's own stream of chance; made when it is first asked for. */
  readonly random: () => Random
  readonly hit: (times?: number) => void
  /** When the connection was accepted. */
  readonly acceptedAtMs: number
  /** Of all connections on the link. */
  readonly shared: Timetable
}

export type StageOf<Kind extends TcpHarm['kind']> = (context: StageContext<Extract<TcpHarm, { kind: Kind }>>) => Stage
