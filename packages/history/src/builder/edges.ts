import type { Instant } from '../event/epoch.ts'
import type { Process } from '../event/event.ts'
import { type EdgeEvent, EdgeEventList, type EdgeEvents } from './edge-events.ts'

// Several threads may each read a stretch of one recording. An operation may be called in one stretch and answered in a
// later one. The code that joins the stretches pairs such events.

/** Data about one stretch (part) of a recording, for joining the stretches. Only plain data. */
export interface Edges {
  readonly answered: EdgeEvents
  readonly open: EdgeEvents
  readonly processes: readonly Process[]
  /** By index in `processes`: the state at the end of the stretch, which is `IDLE`, `RETIRED` or `IN_FLIGHT`. */
  readonly states: Uint8Array
  /** The instant from which times count (see `Epoch`). */
  readonly epoch: Instant
  /** The time of the first event; Infinity if no event has a time. */
  readonly firstTime: number
  readonly lastTime: number
  readonly ends: boolean
  /** The index of the first event; -1 if no event has an index. */
  readonly firstIndex: number
  readonly lastIndex: number
}

export const IDLE = 0
const RETIRED = 1
const IN_FLIGHT = 2

/** Collects the members of `Edges` that describe the beginning of a stretch (a part of a recording). */
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
