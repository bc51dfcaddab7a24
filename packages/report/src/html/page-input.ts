import type { Json } from '@chaosproxy/history'
import type { FactsInput } from '../facts/facts.ts'
import type { WrittenProof } from '../proof.ts'

/** All that a page can show about a run or a history file. */
export interface Page extends FactsInput {
  /** What was tested (`primary-replica, 3 nodes`), or the name of the history file. */
  readonly title: string
  readonly version: string
  /** The path of the history relative to the page, for citations. */
  readonly historyFile: string
  /** Whether the page links to the history file, by default true. */
  readonly linksHistory?: boolean | undefined
  /** The initial value, if it is not the one in the history. */
  readonly initial?: Json | undefined
  readonly again?: string | undefined
  readonly exitCode?: number | undefined
  /** The content of the page as Markdown, for the button "Copy Markdown". If undefined, the page lacks this button. */
  readonly markdown?: string | undefined
  readonly proof?: WrittenProof | undefined
}
