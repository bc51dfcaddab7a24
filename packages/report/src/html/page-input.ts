import type { Json } from '@chaosproxy/history'
import type { FactsInput } from '../facts/facts.ts'
import type { WrittenProof } from '../proof.ts'

/** Everything that a page can show about a run, or about a history file without a run. */
export interface Page extends FactsInput {
  /** What was tested (`primary-replica, 3 nodes`), or the name of the history file. */
  readonly title: string
  readonly version: string
  /** Path of the history relative to the page; citations use this name. */
  readonly historyFile: string
  /** Whether the page links to the history file; by default it does. */
  readonly linksHistory?: boolean | undefined
  /** The initial value assumed, if it differs from that in the history. */
  readonly initial?: Json | undefined
  /** The command that repeats the run or the check. */
  readonly again?: string | undefined
  readonly exitCode?: number | undefined
  /** The content of the page as Markdown, to be copied; absent if the page has no button for it. */
  readonly markdown?: string | undefined
  readonly proof?: WrittenProof | undefined
}
