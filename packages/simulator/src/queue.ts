import { float64Array, type Nanos, nanos } from '@chaosproxy/history'

/** A scheduled event. A cancelled event stays in the queue until its time and then has no effect. */
export interface Happening {
  happen(): void
}

const INITIAL_CAPACITY = 256

/**
 * All scheduled events by time, and then by the order of scheduling. It is a binary heap in parallel arrays, because
 * boxed numbers would dominate the duration of a simulation.
 */
export class EventQueue {
  /** The virtual time: the time of the latest event. */
  now: Nanos = nanos(0)
  #times: Float64Array = float64Array(INITIAL_CAPACITY)
  #sequences: Float64Array = float64Array(INITIAL_CAPACITY)
  readonly #happenings: (Happening | undefined)[] = []
  #length = 0
  #scheduled = 0

  get nextTime(): number {
    return this.#length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number)
  }

  schedule(time: number, happening: Happening): void {
    if (!(time >= this.now))
      throw new RangeError(`nothing can be scheduled at ${time}: the time is already ${this.now}`)
    if (this.#length === this.#times.length) this.#grow()
    const times = this.#times
    const sequences = this.#sequences
    const happenings = this.#happenings
    let at = this.#length++
    // A new event comes after all events with the same time, so it moves up only past events with a later time.
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = times[parent] as number
      if (above <= time) break
      times[at] = above
      sequences[at] = sequences[parent] as number
      happenings[at] = happenings[parent]
      at = parent
    }
    times[at] = time
    sequences[at] = this.#scheduled++
    happenings[at] = happening
  }

  advance(): void {
    const first = this.#happenings[0]
    if (first === undefined) throw new RangeError('advance() was called on an empty queue')
    this.now = this.#times[0] as Nanos
    this.#removeFirst()
    first.happen()
  }

  clear(): void {
    this.#happenings.length = 0
    this.#length = 0
  }

  #removeFirst(): void {
    const times = this.#times
    const sequences = this.#sequences
    const happenings = this.#happenings
    const length = --this.#length
    const time = times[length] as number
    const sequence = sequences[length] as number
    const last = happenings[length]
    happenings[length] = undefined
    if (length === 0) return
    let at = 0
    for (let child = 1; child < length; child = 2 * at + 1) {
      const right = child + 1
      if (right < length && isBefore(times, sequences, right, child)) child = right
      const below = times[child] as number
      if (time < below || (time === below && sequence < (sequences[child] as number))) break
      times[at] = below
      sequences[at] = sequences[child] as number
      happenings[at] = happenings[child]
      at = child
    }
    times[at] = time
    sequences[at] = sequence
    happenings[at] = last
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2)
    times.set(this.#times)
    this.#times = times
    const sequences = new Float64Array(times.length)
    sequences.set(this.#sequences)
    this.#sequences = sequences
  }
}

function isBefore(times: Float64Array, sequences: Float64Array, one: number, other: number): boolean {
  const difference = (times[one] as number) - (times[other] as number)
  return difference < 0 || (difference === 0 && (sequences[one] as number) < (sequences[other] as number))
}

/** A call that may be cancelled. */
export class Call implements Happening {
  run: (() => void) | undefined

  constructor(run: () => void) {
    this.run = run
  }

  happen(): void {
    this.run?.()
  }

  cancel(): void {
    this.run = undefined
  }
}
