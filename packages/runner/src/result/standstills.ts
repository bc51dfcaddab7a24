import {
  type History,
  type Json,
  type Millis,
  millis,
  millisToNanos,
  moment,
  type Nanos,
  nanos,
  oncePerHistory,
} from '@chaosproxy/history'
import { numberAt } from './parsed.ts'

/** A time span in which this program did not run: its process was stopped, or its machine slept. */
export interface Standstill {
  readonly from: Nanos
  readonly to: Nanos
}

/** The nemesis event for a standstill in a history. */
export const STOOD_STILL = 'stood-still'

export const BEAT_EVERY_MS: Millis = millis(100)

/**
 * The longest time between two beats (periodic calls) that does not count as a standstill. Beats are late on busy
 * machines, too, and a delay below the usual timeout of clients makes no operation fail.
 */
const LONGEST_GAP = millisToNanos(millis(1_000))

/** Returns a function to be called every 100 ms, which detects standstills. */
export function createBeats(begun: Nanos): (now: Nanos) => Standstill | undefined {
  let last = begun
  return (now) => {
    const from = last
    last = now
    return now - from > LONGEST_GAP ? { from, to: now } : undefined
  }
}

/** Returns the standstills in a history, in order. */
export const standstillsOf: (history: History) => readonly Standstill[] = oncePerHistory((history) =>
  history.nemesis.flatMap(({ f, value }) => {
    if (f !== STOOD_STILL) return []
    const [from, to] = [timeOf(value, 'from'), timeOf(value, 'to')]
    return from === undefined || to === undefined ? [] : [{ from, to }]
  }),
)

function timeOf(value: Json, name: string): Nanos | undefined {
  const time = numberAt(value, name)
  return time === undefined ? undefined : nanos(time)
}

/** Describes a standstill in a sentence. */
export const standstillText = ({ from, to }: Standstill): string =>
  `the process of chaos was paused from ${moment(from, 2)} to ${moment(to, 2)}: availability and latency of that time mean nothing`
