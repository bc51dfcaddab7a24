import { type Nanos, nanos } from '@chaosproxy/history'

/** One exchange with a remote clock, answered between two times of the local clock. */
export interface ClockSample {
  readonly sent: Nanos
  readonly remote: Nanos
  readonly received: Nanos
}

interface Bounds {
  readonly earliest: number
  readonly latest: number
}

/**
 * Bounds on the time of a remote monotonic clock, computed from samples. They are certain as long as the clock keeps
 * the bound on its rate.
 */
export interface ClockBounds {
  /** Adds a sample; samples must be in the order of the remote clock. */
  add(sample: ClockSample): void
  /**
   * Returns bounds on the local time at which the remote clock showed `remote`. Without a sample, the bounds are
   * infinite.
   */
  at(remote: Nanos): Bounds
  /** Drops the samples that are needed only for times before `remote`. */
  forget(remote: Nanos): void
  /** Returns the remote time of the last sample. */
  last(): Nanos | undefined
  /**
   * Whether the samples contradict the bound on the rate: the machine slept, or its clock was set. From then on, only
   * the order of samples is used, and bounds returned earlier may be wrong.
   */
  isBroken(): boolean
}

/**
 * Greatest relative difference between the rates of two clocks. A kernel corrects its monotonic clock by at most 500
 * parts per million (MAXFREQ of adjtimex), and two machines may correct their clocks in opposite directions, which
 * makes 1,000 parts per million. The errors of the two crystals add at most a tenth of that.
 */
const MOST_DRIFT = 1_100e-6

interface Known extends ClockSample {
  readonly earliest: number
  readonly latest: number
}

export function createClockBounds(mostDrift: number = MOST_DRIFT): ClockBounds {
  let known: Known[] = []
  let isBroken = false

  /** Extrapolates the bounds of a sample by `elapsed` nanoseconds of the remote clock. */
  const later = ({ earliest, latest }: Bounds, elapsed: number): Bounds => ({
    earliest: earliest + elapsed * (1 - mostDrift),
    latest: latest + elapsed * (1 + mostDrift),
  })

  /**
   * Returns the index of the last sample that was taken at the remote time `remote` or earlier; -1 if there is none.
   */
  function before(remote: number): number {
    let [low, high] = [0, known.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((known[middle]?.remote ?? 0) <= remote) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  return {
    add(sample) {
      const { sent, remote, received } = sample
      const previous = known.at(-1)
      const expected =
        previous === undefined ? { earliest: sent, latest: received } : later(previous, remote - previous.remote)
      const [earliest, latest] = [Math.max(sent, expected.earliest), Math.min(received, expected.latest)]
      if (earliest > latest) isBroken = true
      known.push({ ...sample, ...(earliest > latest ? { earliest: sent, latest: received } : { earliest, latest }) })
    },
    at(remote) {
      const index = before(remote)
      const last = known[index]
      let { earliest, latest } = { earliest: Number.NEGATIVE_INFINITY, latest: Number.POSITIVE_INFINITY }
      if (last !== undefined) {
        if (isBroken) earliest = last.sent
        else ({ earliest, latest } = later(last, remote - last.remote))
      }
      for (let i = index + 1; i < known.length; i++) {
        const next = known[i]
        if (next === undefined) break
        if (isBroken) {
          latest = Math.min(latest, next.received)
          break
        }
        const ahead = next.remote - remote
        earliest = Math.max(earliest, next.sent - ahead * (1 + mostDrift))
        latest = Math.min(latest, next.received - ahead * (1 - mostDrift))
      }
      return { earliest, latest }
    },
    forget(remote) {
      const index = before(remote)
      if (index > 0) known = known.slice(index)
    },
    last() {
      const sample = known.at(-1)
      return sample === undefined ? undefined : nanos(sample.remote)
    },
    isBroken: () => isBroken,
  }
}
