import type { Event, EventInput, Json } from './event.ts'

/**
 * How well the times of a history are known, where they leave the order of some events open.
 *
 * In a history that several machines recorded, each of their events has two members more: `"clock"`, the name of the clock that
 * timed it, and `"within"`: its time is right to so many nanoseconds either way. Events without them are exact, and by one clock.
 */
export interface ClockReadings {
  /** By 1-based line: how far its time may be off, in nanoseconds; Infinity if nothing is known. */
  readonly within: Float64Array
  /** By line: the clock's place in `names`, or -1 for the clock that the times are by. */
  readonly clock: Int32Array
  readonly names: readonly string[]
  /** Present if events were put in the order of their stamps. Then nothing is known of single lines. */
  readonly stamps?: Stamps | undefined
}

/** The stamps that order the events of a history, if they leave the order of some events of different processes open. */
export interface Stamps {
  /** All stamps are multiples of it. */
  readonly resolutionNanos: number
  /** How far the clocks of two clients may differ. */
  readonly skewNanos: number
  /** How far any event may be from its stamp, either way: 0 if different stamps are in order. */
  readonly withinNanos: number
}

/** The event of the recorder that says that a clock was found not to keep its bounds: `{"clock":"2","why":"…"}`. */
export const CLOCK_BROKEN = 'clock-broken'

const NONE = -1

export class ClockNotes {
  readonly #within: number[] = []
  readonly #clock: number[] = []
  readonly #names: string[] = []
  readonly #broken: Set<string> = new Set()
  #stamps: Stamps | undefined

  /** Notes the clock of the event in this line, if it names one. */
  note(line: number, { extra }: EventInput): void {
    const { clock, within } = extra ?? {}
    if (typeof clock !== 'string' || typeof within !== 'number' || !(within >= 0)) return
    while (this.#within.length < line) {
      this.#within.push(0)
      this.#clock.push(NONE)
    }
    const known = this.#names.indexOf(clock)
    this.#within[line] = within
    this.#clock[line] = known === NONE ? this.#names.push(clock) - 1 : known
  }

  stamped(stamps: Stamps): void {
    this.#stamps = stamps
  }

  recorder({ f, value }: Event): void {
    if (f !== CLOCK_BROKEN || value === null || typeof value !== 'object' || Array.isArray(value)) return
    const { clock } = value as { readonly [member: string]: Json }
    if (typeof clock === 'string') this.#broken.add(clock)
  }

  get isEmpty(): boolean {
    return this.#names.length === 0 && this.#stamps === undefined
  }

  get sizeBytes(): number {
    return 4 * BYTES_OF_NUMBER * this.#within.length
  }

  /** Undefined if the order of all events is known. */
  readings(): ClockReadings | undefined {
    const stamps = this.#stamps
    if (this.#names.length === 0)
      return stamps && { within: new Float64Array(0), clock: new Int32Array(0), names: [], stamps }
    const isBroken = this.#names.map((name) => this.#broken.has(name))
    const clock = Int32Array.from(this.#clock)
    const within = Float64Array.from(this.#within, (nanos, line) =>
      isBroken[clock[line] ?? NONE] === true ? Number.POSITIVE_INFINITY : nanos,
    )
    return { within, clock, names: this.#names }
  }
}

const BYTES_OF_NUMBER = 8
