import type { Report } from '@chaosproxy/checker'
import type { History, Json } from '@chaosproxy/history'
import type { Expectation, RequirementResult, RunSetup, RunSummary } from '@chaosproxy/runner/result'

/** Everything a page can show, of a run or of a history file without one. */
export interface Page {
  /** What was tested (`primary-replica, 3 nodes`), or the name of the file. */
  readonly title: string
  readonly version: string
  readonly history: History
  /** The history's path relative to the page; citations use this name. */
  readonly historyFile: string
  /** Whether the page can link to that file; by default it can. */
  readonly linksHistory?: boolean | undefined
  /** Absent if nothing could be checked. */
  readonly report?: Report<string> | undefined
  readonly run?: RunSummary | undefined
  readonly expectation?: Expectation | undefined
  /** For a file. A run's summary has its own. */
  readonly requirements?: readonly RequirementResult[] | undefined
  /** For a file: the level asked about, if none is expected. */
  readonly asked?: string | undefined
  /** For a file: why it proves less than it seems to. */
  readonly vacuous?: readonly string[] | undefined
  /** For a file: the run that it is of, if that is known. */
  readonly setup?: RunSetup | undefined
  /** The initial value assumed, if it is not the one the history names. */
  readonly initial?: Json | undefined
  /** The command that repeats the run or the check. */
  readonly again?: string | undefined
  readonly exitCode?: number | undefined
  /** The same as Markdown, to be copied; absent where no button offers it. */
  readonly markdown?: string | undefined
}
