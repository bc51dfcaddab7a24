import type { Report } from '@chaosproxy/checker'
import type { History, Json } from '@chaosproxy/history'
import type { Expectation, RunSummary } from '../run-summary.ts'

/** Everything a page can show: of a run, or of a file alone (then there is no run). */
export interface Page {
  /** What was tested or read: `primary-replica, 3 nodes`, or a file's name. */
  readonly title: string
  /** Version of the program, as the page says it. */
  readonly version: string
  readonly history: History
  /** Where the page finds the history, relative to itself; its lines are cited by this name. */
  readonly historyFile: string
  /** Absent where nothing could be checked. */
  readonly report?: Report<string> | undefined
  readonly run?: RunSummary | undefined
  readonly expectation?: Expectation | undefined
  /** Of a file alone: the level that was asked about, where nothing is expected. */
  readonly asked?: string | undefined
  /** Of a file alone: why it proves less than it seems to. */
  readonly vacuous?: readonly string[] | undefined
  /** What was taken to be there before the first write, where that is not what the history says. */
  readonly initial?: Json | undefined
  /** The command that does it again. */
  readonly again?: string | undefined
  readonly exitCode?: number | undefined
}

/** The level that the first words and the drawing are about; undefined for the strongest. */
export const askedOf = (page: Page): string | undefined => expectationOf(page)?.level ?? page.asked

export const vacuousOf = ({ vacuous, run }: Page): readonly string[] => vacuous ?? run?.vacuous ?? []

export const expectationOf = (page: Page): Expectation | undefined => page.expectation ?? page.run?.expectation
