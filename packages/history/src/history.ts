import type { Event, Header, Json } from './event.ts'
import type { Format } from './format.ts'
import type { LentHistory } from './lending.ts'
import type { Mark, PassedOn } from './marks.ts'
import type { ValueId, ValueTable } from './value.ts'

/** The outcome column's numbers. A never-completed operation is `info` with `returnEvent` -1. */
export const OK = 0
export const FAIL = 1
export const INFO = 2

/** Marks an operation that is the final read of its key (bit of the `flags` column). */
export const FLAG_FINAL = 1

/** Marks an operation whose invocation says no value: the completion's is its input, and without an `ok` none is known. */
export const FLAG_UNSAID = 2

/**
 * Operations as columns: row i is the i-th operation in order of invocation. One typed array a column, so that a
 * million operations fit in tens of megabytes and a checker can walk them without touching an object.
 *
 * "Event position" is the position of an event among the client events of the history (0-based, nemesis events not
 * counted), which is what real-time order is judged by: a precedes b when `a.returnEvent < b.callEvent`.
 */
export interface Operations {
  readonly length: number
  /** Process number, 0 to `History.processCount` - 1 in order of first appearance; `History.processName` names it. */
  readonly process: Int32Array
  /** Index into `History.functions`. */
  readonly f: Uint8Array
  /** Index into `History.keys`; -1 for an operation without a key. */
  readonly key: Int32Array
  /** The value given at the invocation: id in `History.values`. */
  readonly input: Int32Array
  /** The value of the completion; the input's where it was never completed or the completion says no value. */
  readonly output: Int32Array
  /** OK, FAIL or INFO. */
  readonly outcome: Uint8Array
  /** Event position of the invocation. */
  readonly callEvent: Int32Array
  /** Event position of the completion; -1 where there is none. */
  readonly returnEvent: Int32Array
  /**
   * Nanoseconds from the run's start: as given, also negative, and rounded to a double beyond 2^53. An absent time is
   * the event's position.
   */
  readonly callTime: Float64Array
  /** Nanoseconds; Infinity where it was never completed. */
  readonly returnTime: Float64Array
  /** Index into `History.nodes`: who answered, or else who was asked; -1 where no node is known. */
  readonly node: Int32Array
  /** Bit set of FLAG_*. */
  readonly flags: Uint8Array
  /** 1-based line in the file of the invocation, and of the completion (0 where there is none). */
  readonly callLine: Int32Array
  readonly returnLine: Int32Array
}

/** What happened, in memory: operations by columns, everything else by value. */
export interface History {
  readonly header: Header | undefined
  /** What messages call it: its file's name. */
  readonly source?: string | undefined
  /** What it was read from; absent for a history made in memory. */
  readonly format?: Format | undefined
  readonly operations: Operations
  readonly values: ValueTable
  readonly functions: readonly string[]
  readonly keys: readonly string[]
  readonly nodes: readonly string[]
  /** What the file calls that process. */
  readonly processName: (process: number) => string
  readonly processCount: number
  /**
   * Whether clients and processes are not the same: some processes belong to one client, or nothing named the client of
   * some. Where false, `sessionOf` gives each process a session of its own.
   */
  readonly hasSessions: boolean
  /** The number of the client that a process belongs to; UNNAMED (-1) where nothing named it. */
  readonly sessionOf: (process: number) => number
  readonly sessionName: (session: number) => string
  /** What the recorder says is missing from the record, in file order. */
  readonly marks: readonly Mark[]
  /** Traffic that was passed on without being an operation, by what it was. */
  readonly passedOn: readonly PassedOn[]
  /** Events of the nemesis and of anything else that is neither a client nor the recorder, in file order. */
  readonly nemesis: readonly Event[]
  /** Why operation i is `fail` or `info`, where its completion said so. */
  readonly errorOf: (operation: number) => string | undefined
  /** Number of events, clients' and others'. */
  readonly eventCount: number
  /** What was tolerated, for the person to know: a truncated last line, times that are absent, … */
  readonly warnings: readonly string[]
  /** The history for another thread (see `HistoryOptions.shared`); absent where it was not made by a builder. */
  readonly lend?: () => LentHistory
}

export const inputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.input[operation] ?? 0) as ValueId)

export const outputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.output[operation] ?? 0) as ValueId)
