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

/** A time in which this program itself did nothing: its process was stopped, or its machine slept or starved it. */
export interface Standstill {
  readonly from: Nanos
  readonly to: Nanos
}

/** What the nemesis calls one in a history. */
export const STOOD_STILL = 'stood-still'

export const BEAT_EVERY_MS: Millis = millis(100)

/** A busy machine delays beats, too; below this no operation is slower for it than a client waits. */
const LONGEST_GAP = millisToNanos(millis(1_000))

/** Told of each beat, which is due every 100 ms: the standstill before it, if there was one. */
export function createBeats(begun: Nanos): (now: Nanos) => Standstill | undefined {
  let last = begun
  return (now) => {
    const from = last
    last = now
    return now - from > LONGEST_GAP ? { from, to: now } : undefined
  }
}

/** Those that the history tells of, in order. */
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

/** From when to when, as a sentence. */
export const standstillText = ({ from, to }: Standstill): string =>
  `the process of chaos was paused from ${moment(from, 2)} to ${moment(to, 2)}: availability and latency of that time mean nothing`
