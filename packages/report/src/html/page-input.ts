import type { Json } from '@chaosproxy/history'
import type { FactsInput } from '../facts/facts.ts'
import type { WrittenProof } from '../proof.ts'

/** Everything a page can show, of a run or of a history file without one. */
export interface Page extends FactsInput {
  /** What was tested (`primary-replica, 3 nodes`), or the name of the file. */
  readonly title: string
  readonly version: string
  /** The history's path relative to the page; citations use this name. */
  readonly historyFile: string
  /** Whether the page can link to that file; by default it can. */
  readonly linksHistory?: boolean | undefined
  /** The initial value assumed, if it is not the one the history names. */
  readonly initial?: Json | undefined
  /** The command that repeats the run or the check. */
  readonly again?: string | undefined
  readonly exitCode?: number | undefined
  /** The same as Markdown, to be copied; absent where no button offers it. */
  readonly markdown?: string | undefined
  readonly proof?: WrittenProof | undefined
}
