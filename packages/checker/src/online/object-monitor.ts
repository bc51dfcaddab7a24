import { count, type EventInput, type Json, type Millis, type Process } from '@chaosproxy/history'

/** A pushed event. */
export interface Moment {
  /** Position among the events pushed, from 0. */
  readonly position: number
  /** The number of earlier events that do not belong to a client. */
  readonly others: number
  readonly process: Process
  readonly event: EventInput
}

/** An operation as its client called it. */
export interface Called extends Moment {
  readonly f: string
  /** The invoked value; undefined if only the completion has it. */
  readonly input: Json | undefined
}

/** The end of an operation. After `info`, it may take effect now, later or never. */
export interface Ended extends Moment {
  readonly type: 'ok' | 'fail' | 'info'
  readonly output: Json | undefined
}

/** A proven violation: from this event on, no order explains the record. */
export class Impossible {
  readonly sentence: string
  /** The key of the object; undefined if objects have none. */
  readonly key: string | undefined
  readonly at: Moment
  constructor(sentence: string, key: string | undefined, at: Moment) {
    this.sentence = sentence
    this.key = key
    this.at = at
  }
}

/** The answer of a monitor that no longer judges its object. */
export class GivenUp {
  /** The reason, as a clause after the object's name: "it would take …". */
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

/** Monitors one object, event by event. An `Impossible` is certain: no answer of an open operation can refute it. */
export interface ObjectMonitor<Flight> {
  /** Takes an invocation. Returns a handle of the open operation, which the caller passes to `ended`. */
  called(operation: Called): Flight | GivenUp
  ended(flight: Flight, ending: Ended): Impossible | GivenUp | undefined
  /** Receives an event that the recorder added to the record, such as `touched`. Called only if `isWhole` is set. */
  noted?(note: Moment): void
  /** The reason why a violation may have been missed, if any. */
  doubt(): string | undefined
  /** The number of entries held in memory. */
  retained(): number
  /** Called once if the object is given up. */
  dropped?(): void
}

export interface Monitors<Flight> {
  /**
   * Creates the monitor of the object with a key. The monitor calls `changed` if the result of its `doubt` or
   * `retained` changes during an event of another object.
   */
  create(key: string | undefined, changed: () => void): ObjectMonitor<Flight>
  level(): string
  /** Judges the remaining events; absent if all are judged immediately. */
  settle?(): Impossible | undefined
  /** The number of events not yet judged, and whether judging has begun. Absent if events are judged immediately. */
  progress?(): { readonly unjudged: number; readonly isBegun: boolean }
}

export interface OnlineRoom<Flight> {
  readonly model: string
  /** The operations that the model knows, for error messages. */
  readonly functions: readonly string[]
  /** Whether all events of a history concern one object, whatever their keys. */
  readonly isWhole: boolean
  knows(f: string): boolean
  /** Reports whether operations with this `f` never change the object. */
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
  /** The maximum number of entries held per object. */
  readonly retainAtMost: number
  /**
   * Whether clients find values through a routing table. A read may then look for a value in a different place than the
   * one to which it was written.
   */
  readonly byRoutes: boolean
  /** A monotonic clock. */
  readonly now: () => Millis
}

export const tooMuch = (retainAtMost: number): GivenUp =>
  new GivenUp(`it would take more than ${count(retainAtMost)} entries in memory`)
