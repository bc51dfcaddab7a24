import { type Millis, millis } from '@chaosproxy/history'

/**
 * A server that takes time for each job. It serves one job at a time, in order of arrival, while the others wait (the
 * single-server queue of Kleinrock, "Queueing Systems", 1975). If jobs arrive faster than they are served, waiting
 * times keep growing.
 */
export interface Station<Job> {
  /** The waiting jobs; the first job is being served. */
  readonly jobs: Job[]
  /** The time, by the monotonic clock, at which the first job is done. */
  doneAt: number
}

export const createStation = <Job>(): Station<Job> => ({ jobs: [], doneAt: 0 })

/** The current time by the monotonic clock, and the time that a job takes. */
export interface Pace {
  readonly now: Millis
  readonly serviceMs: Millis
}

export const paceOf = ({ steady, config }: PacedTurn): Pace => ({ now: steady, serviceMs: config.serviceMs })

interface PacedTurn {
  readonly steady: Millis
  readonly config: { readonly serviceMs: Millis }
}

/** Sets the protocol's timer `served`, which fires when the first job is done. */
export const serve = (turn: ServingTurn, afterMs: Millis): void => turn.setTimer('served', afterMs)

interface ServingTurn {
  setTimer(timer: 'served', afterMs: Millis): void
}

/**
 * If a job ends later than planned by more than this time, the server was stopped in the meantime. If the difference is
 * smaller, only the timer was late, as on a busy machine, and the waiting jobs are not delayed.
 */
const LATE_TIMER_MS = 50
/** The shortest timer in milliseconds. Rounding could otherwise make the timer fire repeatedly at the same time. */
const SHORTEST_MS = 0.01

/** `begins`: the server was idle, and the job is done after `afterMs`. `full`: the job is rejected. */
export type Arrival = { readonly type: 'begins'; readonly afterMs: Millis } | { readonly type: 'waits' | 'full' }

export function arrive<Job>(station: Station<Job>, job: Job, limit: number, { now, serviceMs }: Pace): Arrival {
  if (station.jobs.length >= limit) return { type: 'full' }
  if (station.jobs.push(job) > 1) return { type: 'waits' }
  station.doneAt = now + serviceMs
  return { type: 'begins', afterMs: serviceMs }
}

/** Removes the job that was served. If another job waits, it is done after `nextAfterMs`. */
export function finish<Job>(
  station: Station<Job>,
  { now, serviceMs }: Pace,
): { readonly done: Job | undefined; readonly nextAfterMs: Millis | undefined } {
  const done = station.jobs.shift()
  if (station.jobs.length === 0) return { done, nextAfterMs: undefined }
  const begunAt = now - station.doneAt > LATE_TIMER_MS ? now : station.doneAt
  station.doneAt = begunAt + serviceMs
  return { done, nextAfterMs: millis(Math.max(SHORTEST_MS, station.doneAt - now)) }
}
