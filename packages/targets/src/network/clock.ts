import { type Nanos, nanos } from '@chaosproxy/history'
import type { Clock } from '@chaosproxy/runner'

/** The longest that a timer of Node's waits; it fires at once beyond that. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

interface Alarm {
  readonly time: Nanos
  readonly sequence: number
  readonly callback: () => void
}

export interface MachineClock extends Clock {
  /** Nothing rings any more, and nothing waits: for when there is nobody left to act for. */
  stop(): void
}

/**
 * The machine's monotonic clock, from an origin (`process.hrtime.bigint()`) on. Calls back in order of time, however late
 * the process is served: timers of Node's own that have come due together fire in any order.
 */
export function createClock(originNanos: bigint): MachineClock {
  /** In order of time; of equal times, in the order in which they were asked for. */
  const alarms: Alarm[] = []
  let asked = 0
  let stopped = false
  let disarm = () => {}
  const now = () => nanos(Number(process.hrtime.bigint() - originNanos))

  function arm(): void {
    disarm()
    const next = alarms[0]
    if (next === undefined || stopped) return
    const remainingMs = (next.time - now()) / 1e6
    if (remainingMs <= 0) {
      const immediate = setImmediate(ring)
      disarm = () => clearImmediate(immediate)
    } else {
      // It counts in whole milliseconds of a clock read once a turn, and so may fire a little early: then again.
      const timeout = setTimeout(ring, Math.min(remainingMs, LONGEST_TIMEOUT_MS))
      disarm = () => clearTimeout(timeout)
    }
  }

  function ring(): void {
    const time = now()
    // What the callbacks ask for waits for the next turn, so that the rest of the process gets one too.
    const before = asked
    try {
      for (
        let next = alarms[0];
        next !== undefined && !stopped && next.time <= time && next.sequence < before;
        next = alarms[0]
      ) {
        alarms.shift()
        next.callback()
      }
    } finally {
      arm()
    }
  }

  return {
    now,
    at(time, callback) {
      const alarm = { time, sequence: asked++, callback }
      const position = positionAfter(alarms, time)
      alarms.splice(position, 0, alarm)
      if (position === 0) arm()
      return () => {
        const index = alarms.indexOf(alarm)
        if (index !== -1) alarms.splice(index, 1)
        if (index === 0) arm()
      }
    },
    stop() {
      stopped = true
      disarm()
    },
  }
}

/** Where an alarm for this time goes: behind all that are not later. */
function positionAfter(alarms: readonly Alarm[], time: Nanos): number {
  let position = alarms.length
  while (position > 0 && (alarms[position - 1] as Alarm).time > time) position--
  return position
}
