import type { Instant } from '../event/epoch.ts'
import type { Process } from '../event/event.ts'
import { type EdgeEvent, EdgeEventList, type EdgeEvents } from './edge-events.ts'

// A recording may be read in stretches, by several threads. An operation may be called in one and answered in a later
// one, so that whoever has all stretches pairs them, and checks what a reader of all checks from event to event.

/** How a stretch begins and ends. Plain data. */
export interface Edges {
  /** What was answered without having been called. */
  readonly answered: EdgeEvents
  /** What was called and not answered. */
  readonly open: EdgeEvents
  readonly processes: readonly Process[]
  /** By process: its state at the end. */
  readonly states: Uint8Array
  /** What its times count from (see `Epoch`). */
  readonly epoch: Instant
  /** Infinity if no event has one. */
  readonly firstTime: number
  readonly lastTime: number
  readonly ends: boolean
  /** -1 if no event has one. */
  readonly firstIndex: number
  readonly lastIndex: number
}

export const IDLE = 0
const RETIRED = 1
const IN_FLIGHT = 2

/** Collects how a stretch begins. */
export class EdgeNotes {
  readonly #answered: EdgeEventList = new EdgeEventList()
  #firstTime = Number.POSITIVE_INFINITY
  #firstIndex = -1

  beganAt(time: number): void {
    this.#firstTime = time
  }

  beganWith(index: number): void {
    this.#firstIndex = index
  }

  answered(event: EdgeEvent): void {
    this.#answered.add(event)
  }

  noted(
    processes: readonly Process[],
    openOf: (process: number) => number,
  ): Omit<Edges, 'open' | 'epoch' | 'lastTime' | 'lastIndex' | 'ends'> {
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
