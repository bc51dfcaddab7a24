import type { Json } from './event.ts'
import type { HistoryData } from './history-data.ts'
import type { LentHistory } from './lent-history.ts'
import { type PlaceOfLine, placeOfLine } from './merged-files.ts'
import type { Tally } from './packed/tally.ts'
import type { ValueId, ValueTable } from './value.ts'

/** What happened, in memory: operations as columns, everything else as values. */
export interface History extends HistoryData {
  readonly values: ValueTable
  /** The file's name for that process. */
  readonly processName: (process: number) => string
  readonly processCount: number
  /**
   * Whether clients and processes differ: some processes belong to one client, or some have no named client. If false,
   * `sessionOf` gives each process its own session.
   */
  readonly hasSessions: boolean
  /** The number of the client that a process belongs to; UNNAMED (-1) if nothing named it. */
  readonly sessionOf: (process: number) => number
  readonly sessionName: (session: number) => string
  /** Why operation i is `fail` or `info`, if its completion says so. */
  readonly errorOf: (operation: number) => string | undefined
  /** What was counted of operations that are not kept: then only their number is known of `operations`. */
  readonly tally?: Tally
  /** The history for another thread (see `HistoryOptions.shared`); absent if it was not made by a builder. */
  readonly lend?: () => LentHistory
}

/** How many operations it has, whether or not they were kept. */
export const operationsIn = ({ tally, operations }: Pick<History, 'tally' | 'operations'>): number =>
  tally?.operations ?? operations.length

export const inputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.input[operation] ?? 0) as ValueId)

export const outputOf = (history: History, operation: number): Json =>
  history.values.json((history.operations.output[operation] ?? 0) as ValueId)

/** The file of a line, if the history was merged from several, and its number there. */
export const placeIn = ({ files }: Pick<History, 'files'>, line: number): PlaceOfLine => placeOfLine(files, line)
