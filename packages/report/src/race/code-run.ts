import type { Nanos } from '@chaosproxy/history'
import type { ObservedDatabase } from './database.ts'

/** A step of a program's own code, taken for one client's request. All times count from the same start. */
export interface CodeStep {
  /**
   * `gone` and `back` are the ends of an await; `enters` is a function's beginning, and `at` a statement's. `sql`: a
   * database answers what an await waits for, or commits what it wrote.
   */
  readonly type: 'enters' | 'at' | 'gone' | 'back' | 'sql'
  /** One number for each place in the program. */
  readonly site: number
  /** The number of the function that it is in. */
  readonly within: number
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  readonly request: string
  readonly at: Nanos
  /** The state that it reads, that it may change, and that values which it uses were read of earlier; equal names are the same state. */
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly rests: readonly string[]
  /** The statement that was answered, and with what: `1 row`, `UPDATE 1`, or nothing. */
  readonly sql?: { readonly text: string; readonly outcome: string } | undefined
}

/** What a program ran, in order. */
export interface CodeRun {
  readonly steps: readonly CodeStep[]
  readonly sources: { readonly [file: string]: readonly string[] }
  /** Where all of its nodes keep their data; absent if they may have copies. */
  readonly database?: ObservedDatabase | undefined
}

/** A client's request, as readers know it. */
export interface NamedRequest {
  /** As steps name it; absent where the race was read from a history's header. */
  readonly name?: string | undefined
  /** `p0`. */
  readonly process: string
  /** `write`, `cas`. */
  readonly f: string
  readonly key?: string | undefined
}

/** A client's request, as a history has it. */
export interface RacingRequest extends NamedRequest {
  /** As steps name it. */
  readonly name: string
  readonly changes: boolean
  /** Whether it is part of the contradiction. */
  readonly accused: boolean
}

/** Another request changed some state while this one awaited, after reading it and before a change based on it. */
export interface Race {
  /** `server.ts:17 (p0's cas) awaited 9.0 ms; meanwhile p1's write ran server.ts:16–21`: the same wherever it is told. */
  readonly sentence: string
  readonly overtaken: RacingPart
  readonly by: RacingPart
  /** The source that the two ran, with the times at which they did. */
  readonly rows: readonly RaceRow[]
  /** The turns of each, for a drawing. */
  readonly turns: { readonly overtaken: readonly RaceTurn[]; readonly by: readonly RaceTurn[] }
}

export interface CodePlace {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

/** What a request ran at one go. */
export interface RaceTurn {
  readonly at: Nanos
  /** In the order in which it came to them, each once. */
  readonly places: readonly CodePlace[]
  /** The innermost await that it left off at, and when it went on. */
  readonly waits?: (CodePlace & { readonly to: Nanos }) | undefined
}

/** What one of the two requests did: waited at a line, or ran lines. */
export interface RacingPart {
  readonly request: NamedRequest
  readonly file: string
  readonly lines: readonly [first: number, last: number]
  readonly from: Nanos
  readonly to: Nanos
}

/** A line of a program, with the times at which the two requests of a race ran it. */
export interface RaceRow {
  readonly file: string
  readonly line: number
  readonly text: string
  readonly overtaken?: LineTimes | undefined
  readonly by?: LineTimes | undefined
  /** Whether it is the line of the overtaken await. */
  readonly isOvertaken: boolean
  /** Whether lines before it are left out. */
  readonly isAfterGap: boolean
  /** The statements that it awaited, with their outcomes: `UPDATE items SET sold = $2 (UPDATE 1)`. */
  readonly sql?: readonly string[] | undefined
}

/** When a request ran a line: first, and last. */
export interface LineTimes {
  readonly first: Nanos
  readonly last: Nanos
  /** Whether it left the line at an await and took it up later. */
  readonly resumed: boolean
}
