import type { Report } from '@chaosproxy/checker'
import type { History, Json } from '@chaosproxy/history'
import type { Expectation, RequirementResult, RunSetup, RunSummary } from '@chaosproxy/runner/result'
import type { Comparison } from '../comparison.ts'
import type { PlayedStory } from '../played-story.ts'
import type { WrittenProof } from '../proof.ts'
import type { SearchSummary } from '../terminal/search-page.ts'

export type Subject = RunSubject | FileSubject | TroubleSubject | SearchSubject | ComparisonSubject | StorySubject

interface JudgedSubject {
  readonly history: History
  /**
   * What was tested, such as `raft, 5 nodes`. For a file, the name that readers see: `stdin` if the file was given as
   * `-`.
   */
  readonly title: string
  /** Whether this is the only run or file. If there are several, each is printed in one line. */
  readonly alone: boolean
  readonly again: string
  readonly exitCode: number
  readonly proof?: WrittenProof | undefined
}

/** A run of `chaos run` or `chaos record`. */
export interface RunSubject extends JudgedSubject {
  readonly kind: 'run'
  readonly summary: RunSummary
  /** The run's directory and its files, each with the path that the user would type. */
  readonly directory: string
  readonly historyFile: string
  readonly reportFile: string
}

/** A saved history, checked by `chaos check`. */
export interface FileSubject extends JudgedSubject {
  readonly kind: 'file'
  /** Path of the file as typed. */
  readonly file: string
  readonly report: Report<string>
  readonly parseMs: number
  readonly checkMs: number
  /** The level for the headline if no level is expected. */
  readonly requestedLevel: string
  readonly expectation: Expectation | undefined
  readonly requirements: readonly RequirementResult[] | undefined
  /** Why the history proves less than it seems to. */
  readonly vacuous: readonly string[]
  readonly setup?: RunSetup | undefined
  readonly initial: Json
  /** Whether to print all the evidence. */
  readonly explain: boolean
  /** Path of the HTML report, if one is written. */
  readonly reportFile: string | undefined
  /** Whether a page links to the history file; true by default. */
  readonly linksHistory?: boolean | undefined
}

/** A file that could not be judged. */
export interface TroubleSubject {
  readonly kind: 'trouble'
  readonly file: string
  readonly message: string
  /** `stopped` if time or memory ran out. */
  readonly why: 'stopped' | 'unreadable'
  readonly alone: boolean
  readonly exitCode: number
}

/** A search for failures, by `chaos fuzz`. */
export interface SearchSubject {
  readonly kind: 'search'
  readonly summary: SearchSummary
  /** The object that `--json` prints. */
  readonly json: Json
  readonly exitCode: number
}

/** Systems measured side by side, by `chaos compare`. */
export interface ComparisonSubject {
  readonly kind: 'comparison'
  readonly comparison: Comparison
  readonly elapsedMs: number
  readonly exitCode: number
}

/** A story that was played, by `chaos scenario`. */
export interface StorySubject {
  readonly kind: 'story'
  readonly story: PlayedStory
  /**
   * The story with both of its runs: one shows the failure, the other a system that prevents it. An HTML page shows
   * both.
   */
  readonly whole: PlayedStory
  /** The object that `--json` prints. */
  readonly json: Json
  readonly elapsedMs: number
  readonly again: string
  readonly exitCode: number
}
