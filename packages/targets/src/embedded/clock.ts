import { nanos } from '@chaos/history'
import type { Clock } from '@chaos/runner'

/** The longest that a timer of Node's waits; it fires at once beyond that. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** The machine's monotonic clock, from an origin (`process.hrtime.bigint()`) on. */
export function createClock(originNanos: bigint): Clock {
  const now = () => nanos(Number(process.hrtime.bigint() - originNanos))
  return {
    now,
    at(time, callback) {
      let timeout: NodeJS.Timeout
      const wait = () => {
        const remainingMs = (time - now()) / 1e6
        timeout = setTimeout(due, Math.min(Math.max(0, remainingMs), LONGEST_TIMEOUT_MS))
      }
      // Timers count in whole milliseconds of a clock read once a turn, and so may fire a little early.
      const due = () => (now() < time ? wait() : callback())
      wait()
      return () => clearTimeout(timeout)
    },
  }
}
