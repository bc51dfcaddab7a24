import type { Completion, Json, Nanos } from '@chaosproxy/history'
import type { ClockBounds } from './clock-bounds.ts'

/** A worker's clock: its name in the history, and its bounds. */
export interface WorkerClock {
  readonly name: string
  readonly bounds: ClockBounds
}

/** The clients of a run that workers on other machines drive. All clients are ready to begin. */
export interface RemoteLoad {
  readonly workers: readonly WorkerClock[]
  begin(listener: LoadListener): void
  /** Stops clients from starting operations. Calls back once all clients have stopped or are lost. */
  stop(stopped: () => void): void
  /** Lets clients complete their outstanding work. Calls back once all their events are reported. */
  follow(followed: () => void): void
  trouble(): readonly string[]
}

interface LoadListener {
  /** Takes the next entries of a worker. They are complete until `upTo`, which is a time of the worker's clock. */
  received(worker: number, entries: readonly LoadEntry[], upTo: Nanos): void
  /** Ends a lost worker. Its open operations end with this error. Returns their number. */
  ended(worker: number, error: string): number
}

/**
 * An entry of a worker's report, timed by the worker's clock. An operation is sent only after the coordinator knows its
 * plan, so the history has all operations of a worker that dies.
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

/** One worker's share of the clients: those whose number modulo `of` is `index`. */
export interface Share {
  readonly index: number
  readonly of: number
}

/** The number of unique values of each worker. No worker performs this many operations. */
const VALUES_OF_ONE = 1_000_000_000

/**
 * Returns the first unique value of the worker with this index. The index of the coordinator is the number of workers.
 */
export const serialOf = (index: number): number => index * VALUES_OF_ONE

/** Returns a generator of process numbers that no other code of the run uses. */
export function processNumbers(index: number, of: number): () => number {
  let next = index
  return () => {
    const number = next
    next += of + 1
    return number
  }
}
