import { type Nanos, nanos } from '@chaosproxy/history'
import type { Clock } from '@chaosproxy/runner'

/** The maximum delay of Node's timers: with a longer delay, they fire immediately. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

interface Alarm {
  readonly time: Nanos
  readonly sequence: number
  readonly callback: () => void
  readonly keepsAlive: boolean
}

export interface MachineClock extends Clock {
  /** Drops all alarms, and accepts no new ones. */
  stop(): void
}

/**
 * Returns the machine's monotonic clock from an origin, given by `process.hrtime.bigint()`. Alarms ring in order of
 * time, even if the process is scheduled late. Node's own timers fire in no fixed order if several are due.
 */
export function createClock(originNanos: bigint): MachineClock {
  /** The pending alarms by time, and then in the order of the requests. */
  const alarms: Alarm[] = []
  let sequence = 0
  let stopped = false
  let disarm = () => {}
  let timeout: NodeJS.Timeout | undefined
  /** The number of alarms that keep the process alive. */
  let keeping = 0
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
      // Node's timers count whole milliseconds from a clock that is read once per turn of the event loop, so a timer
      // may fire early. `ring` then sets another timer.
      timeout = setTimeout(ring, Math.min(remainingMs, LONGEST_TIMEOUT_MS))
      if (keeping === 0) timeout.unref()
      disarm = () => clearTimeout(timeout)
    }
  }

  /** Changes the number of alarms that keep the process alive. */
  function keep(more: 1 | -1): void {
    keeping += more
    if (keeping === 0) timeout?.unref()
    else timeout?.ref()
  }

  function ring(): void {
    const time = now()
    // Callbacks may set new alarms. New alarms wait for the next turn of the event loop, so that they cannot starve the
    // process.
    const before = sequence
    try {
      for (
        let next = alarms[0];
        next !== undefined && !stopped && next.time <= time && next.sequence < before;
        next = alarms[0]
      ) {
        alarms.shift()
        if (next.keepsAlive) keep(-1)
        next.callback()
      }
    } finally {
      arm()
    }
  }

  return {
    now,
    at(time, callback, { keepsAlive = true } = {}) {
      const alarm = { time, sequence: sequence++, callback, keepsAlive }
      if (keepsAlive) keep(1)
      const position = positionAfter(alarms, time)
      alarms.splice(position, 0, alarm)
      if (position === 0) arm()
      return () => {
        const index = alarms.indexOf(alarm)
        if (index === -1) return
        alarms.splice(index, 1)
        if (keepsAlive) keep(-1)
        if (index === 0) arm()
      }
    },
    stop() {
      stopped = true
      disarm()
    },
  }
}

/** Converts a time of the clock to a time of `performance.now()`, which differs only in its origin. */
export const machineMs = (clock: Pick<Clock, 'now'>, time: Nanos): number =>
  performance.now() - (clock.now() - time) / 1e6

/** Returns the index after all alarms with the same or an earlier time. */
function positionAfter(alarms: readonly Alarm[], time: Nanos): number {
  let position = alarms.length
  while (position > 0 && (alarms[position - 1] as Alarm).time > time) position--
  return position
}
