import type { Millis } from '@chaosproxy/history'
import type { SearchResult } from '@chaosproxy/simulator'
import type { QueueEvent } from '../queue/pool.ts'
import type { SubjectName } from '../worlds/subject-name.ts'

/** How each trial is made. */
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

/** A search on threads: its subject, its limits, and the place of its findings. Plain data. */
export interface SearchSpec extends TrialChoice {
  readonly subject: SubjectName
  /** The protocol's own name. */
  readonly name: string
  readonly firstSeed: number
  readonly limit: { readonly seeds: number } | { readonly timeMs: Millis }
  /** Whether to search on from a broken invariant until a client sees the failure. */
  readonly guide: boolean
  readonly keepGoing: boolean
  readonly shrinkMs: Millis
  /** How many threads. */
  readonly workers: number
  readonly out: string
}

/** The combined result of all threads. Findings are in order of their seeds. */
export interface SearchOutcome extends SearchResult {
  readonly elapsedMs: Millis
  /** The number of seeds that failed, by cause: only some findings of each cause are kept. */
  readonly times: ReadonlyMap<string, number>
  /** Why some seeds could not be searched. */
  readonly lost: readonly string[]
}

/** What a search tells on the way. */
export type SearchEvent =
  | {
      readonly type: 'progress'
      readonly trials: number
      readonly causes: number
      readonly elapsedMs: Millis
      /** Absent until it can be estimated. */
      readonly leftMs: Millis | undefined
    }
  | QueueEvent
  /** A search of this name was begun before, and had this progress; `isOver` if it had ended. */
  | {
      readonly type: 'continued'
      readonly campaign: string
      readonly trials: number
      readonly causes: number
      readonly elapsedMs: Millis
      readonly isOver: boolean
    }
  /** An invariant was broken in this seed; a violation that a client sees is searched for. */
  | { readonly type: 'guiding'; readonly seed: number }
  /** The search is over, and its findings are being minimised. */
  | { readonly type: 'shrinking'; readonly outcome: SearchOutcome }
  /** A finding was minimised and kept. */
  | { readonly type: 'written'; readonly replay: string; readonly history: string }
