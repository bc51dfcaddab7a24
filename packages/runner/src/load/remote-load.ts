import type { Completion, Json, Nanos } from '@chaosproxy/history'
import type { ClockBounds } from './clock-bounds.ts'

/** The clock of a worker, as the history names it, and what is known of it. */
export interface WorkerClock {
  readonly name: string
  readonly bounds: ClockBounds
}

/** Clients of a run that workers on other machines drive. All of them are ready to begin. */
export interface RemoteLoad {
  readonly workers: readonly WorkerClock[]
  begin(listener: LoadListener): void
  /** Lets clients start no further operation; calls back once all have stopped, or are lost. */
  stop(stopped: () => void): void
  /** Lets clients finish what they started; calls back once they have, and everything was told. */
  follow(followed: () => void): void
  trouble(): readonly string[]
}

interface LoadListener {
  /** What a worker told, in order and each once. By its clock, it did nothing else until `upTo`. */
  told(worker: number, entries: readonly LoadEntry[], upTo: Nanos): void
  /** The worker is gone; its open operations end with this error. Returns their number. */
  ended(worker: number, error: string): number
}

/**
 * A worker's report on the clients it drives, in order, timed by its own clock. An operation is planned first, and sent only
 * after the coordinator knows the plan: if the worker dies, nothing it did is missing from the history.
 */
export type LoadEntry =
  | {
      readonly type: 'planned'
      readonly process: number
      readonly time: Nanos
      readonly node: string
      readonly f: string
      readonly key?: string | undefined
      readonly value: Json
      readonly final?: boolean | undefined
    }
  | { readonly type: 'asked'; readonly process: number; readonly time: Nanos }
  | {
      readonly type: 'completed'
      readonly process: number
      readonly time: Nanos
      readonly completion: Completion
    }

/** One worker's part of the clients of a run: those whose number, divided by `of`, leaves `index`. */
export interface Share {
  readonly index: number
  readonly of: number
}

/** The range of unique values that each worker owns; no worker makes as many operations. */
const VALUES_OF_ONE = 1_000_000_000

/** The first unique value of a worker. The coordinator is numbered after the last worker. */
export const serialOf = (index: number): number => index * VALUES_OF_ONE

/** Numbers of processes that no other worker, and not the coordinator, uses. */
export function processNumbers(index: number, of: number): () => number {
  let next = index
  return () => {
    const number = next
    next += of + 1
    return number
  }
}
