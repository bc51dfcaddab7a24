import type { EventInput, Json, Process } from '@chaosproxy/history'

/** An operation as its client called it. */
export interface Called {
  /** Position among the events pushed, from 0. */
  readonly position: number
  readonly process: Process
  readonly f: string
  /** Undefined if only the completion has it. */
  readonly input: Json | undefined
  readonly event: EventInput
}

/** How an operation ended. An `info` leaves open whether it takes effect, now or later. */
export interface Ended {
  readonly position: number
  readonly type: 'ok' | 'fail' | 'info'
  readonly output: Json | undefined
}

/** No order explains the record so far. */
export class Impossible {
  /** What happened, in a sentence. */
  readonly sentence: string
  constructor(sentence: string) {
    this.sentence = sentence
  }
}

/** The object is no longer judged. */
export class GivenUp {
  /** A clause that follows the name of the object: "it would take …". */
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

/**
 * Watches one object, event by event. Everything it answers is certain: an `Impossible` holds whatever comes, also if
 * operations in flight end otherwise than it seems now.
 */
export interface ObjectMonitor<Flight> {
  /** Returns the flight to pass back when the operation ends. */
  called(operation: Called): Flight | GivenUp
  ended(flight: Flight, ending: Ended): Impossible | GivenUp | undefined
  /** Why a violation may have been missed so far; undefined if none was. */
  doubt(): string | undefined
  /** Entries held in memory. */
  retained(): number
}

/** How the online checker judges objects of one kind. */
export interface OnlineRoom<Flight> {
  readonly model: string
  /** The operations it knows, as a message lists them. */
  readonly functions: readonly string[]
  knows(f: string): boolean
  /** Whether operations of this name change nothing. */
  observes(f: string): boolean
  /** Whether operations of this name need no value. */
  mayLackInput(f: string): boolean
  /**
   * Returns what makes the monitor of each object. `of` follows what was done in a sentence: ` for x`, or nothing if
   * objects have no key.
   *
   * @throws UserError for an initial value that this kind of object cannot have.
   */
  monitors(options: RoomOptions): (of: string) => ObjectMonitor<Flight>
}

export interface RoomOptions {
  /** Every object's initial value; `UNKNOWN_START` if unknown. */
  readonly initial: Json
  readonly failedCas: 'drop' | 'observes'
  /** Entries held per object at most. */
  readonly retainAtMost: number
  /** Whether a route table says where values are, so that it may read another place than it writes. */
  readonly byRoutes: boolean
}

export const tooMuch = (retainAtMost: number): GivenUp =>
  new GivenUp(`it would take more than ${retainAtMost.toLocaleString('en-US')} entries in memory`)
