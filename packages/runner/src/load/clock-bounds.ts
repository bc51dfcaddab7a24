import { type Nanos, nanos } from '@chaosproxy/history'

/** One exchange with a remote clock: its answer was given between two moments of the clock here. */
export interface ClockSample {
  readonly sent: Nanos
  readonly remote: Nanos
  readonly received: Nanos
}

/** A moment of the clock here, as far as it is known: at the earliest and at the latest. */
interface Bounds {
  readonly earliest: number
  readonly latest: number
}

/**
 * What is known of a monotonic clock elsewhere, from samples of it and a bound on its rate. Nothing is estimated: every
 * moment of the remote clock lies within its bounds, as long as the rate does.
 */
export interface ClockBounds {
  /** In order of the remote clock. */
  add(sample: ClockSample): void
  /** The moment here at which the remote clock said `remote`. Without a sample nothing is known. */
  at(remote: Nanos): Bounds
  /** Forgets what only moments before `remote` need. */
  forget(remote: Nanos): void
  /** What the remote clock said in the last sample. */
  last(): Nanos | undefined
  /**
   * Whether the samples contradict the bound on the rate: the machine slept, or its clock was set. From then on only the
   * order of samples counts, and bounds given before may be wrong.
   */
  isBroken(): boolean
}

/**
 * By how much the rates of two clocks may differ. A kernel corrects its monotonic clock by at most 500 parts in a million
 * (MAXFREQ of adjtimex), and both machines may be corrected, in opposite directions; crystals themselves err by a tenth of that.
 */
const MOST_DRIFT = 1_100e-6

interface Known extends ClockSample {
  /** Bounds of the moment of this sample, by it and all before it. */
  readonly earliest: number
  readonly latest: number
}

export function createClockBounds(mostDrift: number = MOST_DRIFT): ClockBounds {
  let known: Known[] = []
  let isBroken = false

  /** The bounds of a sample and those before it, `elapsed` nanoseconds of the remote clock later. */
  const later = ({ earliest, latest }: Bounds, elapsed: number): Bounds => ({
    earliest: earliest + elapsed * (1 - mostDrift),
    latest: latest + elapsed * (1 + mostDrift),
  })

  /** The index of the last sample that is not later. */
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
