import type { Nanos } from '@chaosproxy/history'
import type { ClockBounds } from './clock-bounds.ts'
import type { LoadEntry } from './entry.ts'

/** The clock of a worker, as the history names it, and what is known of it. */
export interface WorkerClock {
  readonly name: string
  readonly bounds: ClockBounds
}

/** Clients of a run that workers on other machines drive. All of them are ready to begin. */
export interface RemoteLoad {
  readonly workers: readonly WorkerClock[]
  /** Has all of them begin at once. */
  begin(listener: LoadListener): void
  /** Lets clients start no further operation; calls back once all have stopped, or are lost. */
  stop(stopped: () => void): void
  /** Lets clients finish what they started; calls back once they have, and everything was told. */
  follow(followed: () => void): void
  /** What went wrong with workers. */
  trouble(): readonly string[]
}

export interface LoadListener {
  /** What a worker told, in order and each once. By its clock, it did nothing else until `upTo`. */
  told(worker: number, entries: readonly LoadEntry[], upTo: Nanos): void
  /** Nothing more comes from a worker; what it has left open ends with this error. Returns how many operations that were. */
  ended(worker: number, error: string): number
}
