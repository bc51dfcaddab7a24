import type { Millis } from '@chaosproxy/history'
import type { SearchResult } from '@chaosproxy/simulator'
import type { QueueEvent } from '../queue/pool.ts'
import type { SubjectName } from '../worlds/subject-name.ts'

/** The settings of each trial. */
export interface TrialChoice {
  readonly strategies: readonly string[]
  readonly invariants: boolean
  readonly verifyDeterminism: boolean
}

export const trialChoiceOf = ({ strategies, invariants, verifyDeterminism }: TrialChoice): TrialChoice => ({
  strategies,
  invariants,
  verifyDeterminism,
})

/** A search on threads: its subject, its limits, and the directory of its findings. Plain data. */
export interface SearchSpec extends TrialChoice {
  readonly subject: SubjectName
  /** The protocol's own name. */
  readonly name: string
  readonly firstSeed: number
  readonly limit: { readonly seeds: number } | { readonly timeMs: Millis }
  /** Whether to search from a broken invariant for a failure that a client observes. */
  readonly guide: boolean
  readonly keepGoing: boolean
  readonly shrinkMs: Millis
  /** How many threads. */
  readonly workers: number
  readonly out: string
}

/** The combined result of all threads. Findings are sorted by seed. */
export interface SearchOutcome extends SearchResult {
  readonly elapsedMs: Millis
  /** The number of seeds that failed, by cause; only some findings of each cause are kept. */
  readonly times: ReadonlyMap<string, number>
  /** Reasons why some seeds could not be searched. */
  readonly lost: readonly string[]
}

/** Progress of a search. */
export type SearchEvent =
  | {
      readonly type: 'progress'
      readonly trials: number
      readonly causes: number
      readonly elapsedMs: Millis
      /** The estimated remaining time in milliseconds; absent until it can be estimated. */
      readonly leftMs: Millis | undefined
    }
  | QueueEvent
  /**
   * A stored search of this name continues. The members describe its earlier progress. `isOver` is true if the search
   * had already ended.
   */
  | {
      readonly type: 'continued'
      readonly campaign: string
      readonly trials: number
      readonly causes: number
      readonly elapsedMs: Millis
      readonly isOver: boolean
    }
  /** An invariant was broken with this seed; the search for a violation that a client observes begins. */
  | { readonly type: 'guiding'; readonly seed: number }
  /** The search has ended, and its findings are being minimised. */
  | { readonly type: 'shrinking'; readonly outcome: SearchOutcome }
  /** A finding was minimised and written to files. */
  | { readonly type: 'written'; readonly replay: string; readonly history: string }
