import type { Millis } from '@chaosproxy/history'
import type { Tagged } from '@chaosproxy/protocols'
import type { SearchResult } from '@chaosproxy/simulator'
import type { QueueEvent } from '../queue/pool.ts'
import type { SubjectName } from '../worlds/subject-name.ts'

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
  /** Whether to continue from a broken invariant to a violation that clients observe, if none was found. */
  readonly guide: boolean
  readonly keepGoing: boolean
  readonly shrinkMs: Millis
  /** How many threads. */
  readonly workers: number
  readonly out: string
}

/** The combined result of all threads, with findings sorted by seed. */
export interface SearchOutcome extends SearchResult {
  readonly elapsedMs: Millis
  /** By cause: the number of seeds that failed. Only some findings per cause are kept. */
  readonly times: ReadonlyMap<string, number>
  /** Why some seeds could not be searched. */
  readonly lost: readonly string[]
}

/** Progress of a search. */
export type SearchEvent =
  | QueueEvent
  | Tagged<
      'type',
      {
        progress: {
          trials: number
          causes: number
          elapsedMs: Millis
          /** The estimated remaining time in milliseconds, once it is known. */
          leftMs: Millis | undefined
        }
        /** The stored campaign of this name continues where it stopped. `isOver`: it had already ended. */
        continued: { campaign: string; trials: number; causes: number; elapsedMs: Millis; isOver: boolean }
        /** This seed broke an invariant. The search now looks for a violation that clients can observe. */
        guiding: { seed: number }
        /** The search has ended; its findings are being minimised. */
        shrinking: { outcome: SearchOutcome }
        /** A finding was minimised and written to files. */
        written: { replay: string; history: string }
      }
    >
