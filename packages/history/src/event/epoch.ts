/** A time since 1970 or a run's start, in seconds and nanoseconds. A double would round it to 256 ns. */
export interface Instant {
  readonly seconds: number
  readonly nanos: number
}

const NANOS_PER_SECOND = 1e9

/** @param nanos an integer */
export function instantOfNanos(nanos: number): Instant {
  const rest = nanos % NANOS_PER_SECOND
  return { seconds: (nanos - rest) / NANOS_PER_SECOND, nanos: rest }
}

/** The nanoseconds between two instants: exact up to 2^53. */
export const nanosBetween = (from: Instant, to: Instant): number =>
  (to.seconds - from.seconds) * NANOS_PER_SECOND + (to.nanos - from.nanos)

const START: Instant = { seconds: 0, nanos: 0 }

/**
 * The instant at which a history's times begin. If a double cannot hold the first time exactly, times are counted from
 * this first time.
 */
export class Epoch {
  #first: Instant | undefined
  isZero = false

  /** The instant subtracted from the file's times. */
  get from(): Instant {
    return this.#first ?? START
  }

  /** Returns a time in nanoseconds as text. `from` is added, so the text has the same origin as the file's times. */
  textOf(time: number): string {
    const { seconds, nanos } = this.from
    return String(BigInt(seconds) * BigInt(NANOS_PER_SECOND) + BigInt(nanos) + BigInt(Math.round(time)))
  }

  /** @param nanos a time that a double represents exactly */
  since(nanos: number): number {
    return this.isZero ? nanos : this.sinceInstant(instantOfNanos(nanos))
  }

  sinceInstant(instant: Instant): number {
    if (this.#first === undefined) {
      this.isZero = Number.isSafeInteger(nanosBetween(START, instant))
      this.#first = this.isZero ? START : instant
    }
    return nanosBetween(this.#first, instant)
  }
}
