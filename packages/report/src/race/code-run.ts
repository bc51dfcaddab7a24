import type { Nanos } from '@chaosproxy/history'
import type { ObservedDatabase } from './database.ts'

/** A step of a program's own code for one client's request. All times have one common start. */
export interface CodeStep {
  /**
   * `enters`: a function begins. `at`: a statement begins. `gone`: an await begins. `back`: an await ends. `sql`: a
   * database answers an awaited statement or commits a write.
   */
  readonly type: 'enters' | 'at' | 'gone' | 'back' | 'sql'
  readonly site: number
  /** Number of the function in which the step happened. */
  readonly within: number
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  readonly request: string
  readonly at: Nanos
  /**
   * `reads`: the names of the state that the step reads. `writes`: the state that the step may change. `rests`: the
   * state that was read in an earlier step, and on which the values of this step depend.
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
  /** The database in which all nodes keep their data, if they share one. */
  readonly database?: ObservedDatabase | undefined
}

export interface NamedRequest {
  /** The request's name in `CodeStep.request`; absent if the race was read from a history's header. */
  readonly name?: string | undefined
  /** `p0`. */
  readonly process: string
  /** `write`, `cas`. */
  readonly f: string
  readonly key?: string | undefined
}

/** A client's request. `changes`: whether it changes anything. `accused`: whether the contradiction needs it. */
export interface RacingRequest extends NamedRequest {
  readonly name: string
  readonly changes: boolean
  readonly accused: boolean
}

/**
 * A race: a request reads some state, awaits, and changes something based on it, while another request changes that
 * state during the await.
 */
export interface Race {
  /**
   * One sentence that describes the race: `server.ts:17 (p0's cas) awaited 9.0 ms; meanwhile p1's write ran
   * server.ts:16–21`.
   */
  readonly sentence: string
  readonly overtaken: RacingPart
  readonly by: RacingPart
  /** The source lines that the two requests ran, with their times. */
  readonly rows: readonly RaceRow[]
  /** The periods in which each request ran without interruption. A drawing shows them. */
  readonly turns: { readonly overtaken: readonly RaceTurn[]; readonly by: readonly RaceTurn[] }
}

export interface CodePlace {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

/** One turn of a request: the lines that it ran without interruption. */
export interface RaceTurn {
  readonly at: Nanos
  /** The distinct lines, in the order of their first execution. */
  readonly places: readonly CodePlace[]
  readonly waits?: (CodePlace & { readonly to: Nanos }) | undefined
}

/** One of the racing requests: its await at a line, or the lines that it ran. */
export interface RacingPart {
  readonly request: NamedRequest
  readonly file: string
  readonly lines: readonly [first: number, last: number]
  readonly from: Nanos
  readonly to: Nanos
}

export interface RaceRow {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly overtaken?: LineTimes | undefined
  readonly by?: LineTimes | undefined
  /** Whether the second request of the race ran while the first request awaited at this line. */
  readonly isOvertaken: boolean
  /** Whether lines before this line are left out. */
  readonly isAfterGap: boolean
  /** The awaited SQL statements and outcomes: `UPDATE items SET sold = $2 (UPDATE 1)`. */
  readonly sql?: readonly string[] | undefined
}

/** When a request first and last ran a line. */
export interface LineTimes {
  readonly first: Nanos
  readonly last: Nanos
  readonly resumed: boolean
}
