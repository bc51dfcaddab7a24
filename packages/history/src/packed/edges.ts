import type { EventInput, Process } from '../event.ts'
import { float64Array } from '../memory.ts'

// A recording may be read in stretches, by several threads. An operation may be called in one and answered in a later
// one, so that whoever has all stretches pairs them, and checks what a reader of all checks from event to event.

/** An event of an operation that is not all in one stretch, and its position among the stretch's events of clients. */
export interface OpenOperation {
  readonly position: number
  readonly event: EventInput
}

/** How a stretch begins and ends. Plain data. */
export interface Edges {
  /** What was answered without having been called. */
  readonly answered: readonly OpenOperation[]
  /** What was called and not answered. */
  readonly open: readonly OpenOperation[]
  readonly processes: readonly Process[]
  /** By process: when it was first and last heard of, and what it has done in the end. */
  readonly firstTimes: Float64Array
  readonly lastTimes: Float64Array
  readonly ends: boolean
  readonly states: Uint8Array
  /** -1 if no event has one. */
  readonly firstIndex: number
  readonly lastIndex: number
}

export const IDLE = 0
export const RETIRED = 1
export const IN_FLIGHT = 2

/** Collects how a stretch begins. */
export class EdgeNotes {
  readonly #answered: OpenOperation[] = []
  #firstTimes: Float64Array = float64Array(64).fill(Number.NEGATIVE_INFINITY)
  #firstIndex = -1

  /** Whether nothing was heard of the process before. */
  isNew(process: number): boolean {
    return (this.#firstTimes[process] ?? Number.NEGATIVE_INFINITY) === Number.NEGATIVE_INFINITY
  }

  began(process: number, time: number): void {
    if (process >= this.#firstTimes.length) {
      const longer = new Float64Array(2 * process).fill(Number.NEGATIVE_INFINITY)
      longer.set(this.#firstTimes)
      this.#firstTimes = longer
    }
    this.#firstTimes[process] = time
  }

  beganWith(index: number): void {
    this.#firstIndex = index
  }

  answered(operation: OpenOperation): void {
    this.#answered.push(operation)
  }

  noted(
    processes: readonly Process[],
    lastTimes: Float64Array,
    openOf: (process: number) => number,
  ): Omit<Edges, 'open' | 'lastIndex' | 'ends'> {
    return {
      answered: this.#answered,
      processes,
      firstTimes: this.#firstTimes.slice(0, processes.length),
      lastTimes: lastTimes.slice(0, processes.length),
      states: Uint8Array.from(processes, (_, process) => {
        const open = openOf(process)
        return open >= 0 ? IN_FLIGHT : open < -1 ? RETIRED : IDLE
      }),
      firstIndex: this.#firstIndex,
    }
  }
}
