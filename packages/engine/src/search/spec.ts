import type { Millis } from '@chaosproxy/history'
import type { SearchResult } from '@chaosproxy/simulator'
import type { QueueEvent } from '../queue/pool.ts'
import type { SubjectName } from '../worlds/subject-name.ts'

/** A search on threads: what is searched, for how long, and where its findings are kept. Plain data. */
export interface SearchSpec {
  readonly subject: SubjectName
  /** The protocol's own name. */
  readonly name: string
  readonly firstSeed: number
  readonly limit: { readonly seeds: number } | { readonly timeMs: Millis }
  readonly strategies: readonly string[]
  readonly invariants: boolean
  /** Whether to search on from a broken invariant until a client sees the failure. */
  readonly guide: boolean
  readonly keepGoing: boolean
  readonly verifyDeterminism: boolean
  readonly shrinkMs: Millis
  /** How many threads. */
  readonly workers: number
  readonly out: string
}

/** The joint result of all threads. Findings are in order of their seeds. */
export interface SearchOutcome extends SearchResult {
  readonly elapsedMs: Millis
  /** How many seeds failed, by cause: of many that fail alike, only some findings are kept. */
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
  /** A search of this name was begun before, and came so far; `isOver` if to its end. */
  | {
      readonly type: 'continued'
      readonly campaign: string
      readonly trials: number
      readonly causes: number
      readonly elapsedMs: Millis
      readonly isOver: boolean
    }
  /** An invariant was broken in this seed, and it is searched for what a client sees of it. */
  | { readonly type: 'guiding'; readonly seed: number }
  /** The search is over, and its findings are being cut down. */
  | { readonly type: 'shrinking'; readonly outcome: SearchOutcome }
  /** A finding was cut down and kept. */
  | { readonly type: 'written'; readonly replay: string; readonly history: string }
