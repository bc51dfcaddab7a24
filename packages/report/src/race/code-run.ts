import type { Nanos } from '@chaosproxy/history'
import type { ObservedDatabase } from './database.ts'

/** A step of a program's own code, executed for one client's request. All times count from one common start. */
export interface CodeStep {
  /**
   * `gone` and `back` are the ends of an await, `enters` is the beginning of a function, and `at` that of a statement.
   * `sql` is a database's answer to an awaited statement, or its commit of a write.
   */
  readonly type: 'enters' | 'at' | 'gone' | 'back' | 'sql'
  /** Number of the place in the program; each place has one. */
  readonly site: number
  /** Number of the function that contains the place. */
  readonly within: number
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  readonly request: string
  readonly at: Nanos
  /**
   * The state that the step reads. `writes` is the state that the step may change. `rests` is the state from which the
   * step's values were read earlier. Equal names mean the same state.
   */
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly rests: readonly string[]
  /** The statement that was answered, and its outcome: `1 row`, `UPDATE 1`, or empty. */
  readonly sql?: { readonly text: string; readonly outcome: string } | undefined
}

/** The steps that a program ran, in order. */
export interface CodeRun {
  readonly steps: readonly CodeStep[]
  readonly sources: { readonly [file: string]: readonly string[] }
  /** The database in which all nodes keep their data; absent if nodes may have copies. */
  readonly database?: ObservedDatabase | undefined
}

/** A client's request, described by its process, function and key as on other pages. */
export interface NamedRequest {
  /** The name of the request, as in `CodeStep.request`; absent if the race was read from the header of a history. */
  readonly name?: string | undefined
  /** `p0`. */
  readonly process: string
  /** `write`, `cas`. */
  readonly f: string
  readonly key?: string | undefined
}

/** A client's request with its properties in the history. */
export interface RacingRequest extends NamedRequest {
  /** The name of the request, as in `CodeStep.request`. */
  readonly name: string
  readonly changes: boolean
  /** Whether the request is part of the contradiction. */
  readonly accused: boolean
}

/**
 * A race: a request reads some state, awaits, and then changes something based on what it read, while another request
 * changes that state during the await.
 */
export interface Race {
  /**
   * The race in one sentence, used on every screen: `server.ts:17 (p0's cas) awaited 9.0 ms; meanwhile p1's write ran
   * server.ts:16–21`.
   */
  readonly sentence: string
  readonly overtaken: RacingPart
  readonly by: RacingPart
  /** The source lines that the two requests ran, with their times. */
  readonly rows: readonly RaceRow[]
  /** The turns of each request, for a drawing. */
  readonly turns: { readonly overtaken: readonly RaceTurn[]; readonly by: readonly RaceTurn[] }
}

export interface CodePlace {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

/** The code that a request ran without interruption. */
export interface RaceTurn {
  readonly at: Nanos
  /** The lines that ran, in the order of their first execution, without duplicates. */
  readonly places: readonly CodePlace[]
  /** The innermost await at which the turn ended, and the time at which the request continued. */
  readonly waits?: (CodePlace & { readonly to: Nanos }) | undefined
}

/** One of the two requests in the race: its await at a line, or the lines that it ran. */
export interface RacingPart {
  readonly request: NamedRequest
  readonly file: string
  readonly lines: readonly [first: number, last: number]
  readonly from: Nanos
  readonly to: Nanos
}

/** A line of a program, with the times at which the two racing requests ran it. */
export interface RaceRow {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly overtaken?: LineTimes | undefined
  readonly by?: LineTimes | undefined
  /** Whether this is the line of the await during which the other request ran. */
  readonly isOvertaken: boolean
  /** Whether lines before this one are left out. */
  readonly isAfterGap: boolean
  /** The awaited SQL statements, with their outcomes: `UPDATE items SET sold = $2 (UPDATE 1)`. */
  readonly sql?: readonly string[] | undefined
}

/** The first and the last time at which a request ran a line. */
export interface LineTimes {
  readonly first: Nanos
  readonly last: Nanos
  /** Whether the request left the line at an await and continued it later. */
  readonly resumed: boolean
}
