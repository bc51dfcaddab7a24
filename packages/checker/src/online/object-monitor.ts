import { count, type EventInput, type Json, type Millis, type Process } from '@chaosproxy/history'

/** An event that was pushed. */
export interface Moment {
  /** Position among the events pushed, from 0. */
  readonly position: number
  /** How many events before it are not of clients. */
  readonly others: number
  readonly process: Process
  readonly event: EventInput
}

/** An operation as its client called it. */
export interface Called extends Moment {
  readonly f: string
  /** Undefined if only the completion has it. */
  readonly input: Json | undefined
}

/** How an operation ended. An `info` leaves open whether it takes effect, now or later. */
export interface Ended extends Moment {
  readonly type: 'ok' | 'fail' | 'info'
  readonly output: Json | undefined
}

/** From this event on nothing explains the record. */
export class Impossible {
  /** What happened, in a sentence. */
  readonly sentence: string
  /** The key of the object; undefined if objects have none. */
  readonly key: string | undefined
  /** The event that makes it certain. */
  readonly at: Moment
  constructor(sentence: string, key: string | undefined, at: Moment) {
    this.sentence = sentence
    this.key = key
    this.at = at
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
  /** Takes what the recorder notes about its own record; only in a room that `isWhole`. */
  noted?(note: Moment): void
  /** Why a violation may have been missed so far; undefined if none was. */
  doubt(): string | undefined
  /** Entries held in memory. */
  retained(): number
  /** Called once if the object is given up. */
  dropped?(): void
}

/** The monitors of one history. */
export interface Monitors<Flight> {
  /** `changed`: to be called if the monitor's doubt or memory changes while another object's event is taken. */
  create(key: string | undefined, changed: () => void): ObjectMonitor<Flight>
  /** The level that is judged. */
  level(): string
  /** Judges the events that are not judged yet; absent if none ever is. */
  settle?(): Impossible | undefined
  /** How many events are not judged yet, and whether any was judged; absent if all are judged at once. */
  progress?(): { readonly unjudged: number; readonly isBegun: boolean }
}

/** How the online checker judges objects of one kind. */
export interface OnlineRoom<Flight> {
  readonly model: string
  /** The operations it knows, as a message lists them. */
  readonly functions: readonly string[]
  /** Whether all events of a history are about one object, whatever their keys. */
  readonly isWhole: boolean
  knows(f: string): boolean
  /** Whether operations of this name change nothing. */
  observes(f: string): boolean
  /** Whether operations of this name need no value. */
  mayLackInput(f: string): boolean
  /** @throws UserError for an initial value that this kind of object cannot have. */
  monitors(options: RoomOptions): Monitors<Flight>
}

export interface RoomOptions {
  /** Every object's initial value; `UNKNOWN_START` if unknown. */
  readonly initial: Json
  readonly failedCas: 'drop' | 'observes'
  /** Entries held per object at most. */
  readonly retainAtMost: number
  /** Whether a route table says where values are, so that it may read another place than it writes. */
  readonly byRoutes: boolean
  /** A monotonic clock. */
  readonly now: () => Millis
}

export const tooMuch = (retainAtMost: number): GivenUp =>
  new GivenUp(`it would take more than ${count(retainAtMost)} entries in memory`)
