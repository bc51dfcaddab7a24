import type { EventInput, Process } from '../event.ts'

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
  /** By process: what it has done in the end. */
  readonly states: Uint8Array
  /** Infinity if no event has one. */
  readonly firstTime: number
  readonly lastTime: number
  readonly ends: boolean
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
  #firstTime = Number.POSITIVE_INFINITY
  #firstIndex = -1

  beganAt(time: number): void {
    this.#firstTime = time
  }

  beganWith(index: number): void {
    this.#firstIndex = index
  }

  answered(operation: OpenOperation): void {
    this.#answered.push(operation)
  }

  noted(
    processes: readonly Process[],
    openOf: (process: number) => number,
  ): Omit<Edges, 'open' | 'lastTime' | 'lastIndex' | 'ends'> {
    return {
      answered: this.#answered,
      processes,
      firstTime: this.#firstTime,
      states: Uint8Array.from(processes, (_, process) => {
        const open = openOf(process)
        return open >= 0 ? IN_FLIGHT : open < -1 ? RETIRED : IDLE
      }),
      firstIndex: this.#firstIndex,
    }
  }
}
