import type { Event, EventInput, Json, Stamps } from './event.ts'

/**
 * How precise the times are, in a history whose times do not show the order of all events.
 *
 * If several machines recorded a history, `"clock"` names the clock that timed an event, and `"within"` is the largest
 * error of its time in nanoseconds, in either direction. Without these members, times are exact times of a single
 * clock.
 */
export interface ClockReadings {
  /** Upper bound of the error of each event's time, in nanoseconds, by 1-based line; Infinity if unknown. */
  readonly within: Float64Array
  /** By 1-based line: the clock's index in `names`, or -1 for the history's reference clock. */
  readonly clock: Int32Array
  readonly names: readonly string[]
  /**
   * The precision of the stamps by which the events were sorted; absent if they were not sorted by stamps. If present,
   * the other members are empty.
   */
  readonly stamps?: Stamps | undefined
}

/** The recorder's event for a clock that exceeded its stated error: `{"clock":"2","why":"…"}`. */
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

  /** Returns undefined if the order of all events is known. */
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
