import { type Millis, millis } from '@chaosproxy/history'

/**
 * A server that takes time for each job. It serves one at a time, in order of arrival, while the others wait (the
 * single-server queue of Kleinrock, "Queueing Systems", 1975). If work arrives faster than it is done, waits keep
 * growing.
 */
export interface Station<Job> {
  /** The first one is being served. */
  readonly jobs: Job[]
  /** By the monotonic clock: when the first job is done. */
  doneAt: number
}

export const createStation = <Job>(): Station<Job> => ({ jobs: [], doneAt: 0 })

/** The time by the monotonic clock, and how long each job takes. */
export interface Pace {
  readonly now: Millis
  readonly serviceMs: Millis
}

export const paceOf = ({ steady, config }: PacedTurn): Pace => ({ now: steady, serviceMs: config.serviceMs })

interface PacedTurn {
  readonly steady: Millis
  readonly config: { readonly serviceMs: Millis }
}

/** The protocol's timer `served` rings when the first job is done. */
export const serve = (turn: ServingTurn, afterMs: Millis): void => turn.setTimer('served', afterMs)

interface ServingTurn {
  setTimer(timer: 'served', afterMs: Millis): void
}

/**
 * A job that ends later than this has stopped the server for that long. Below it only the timer was late, as on a busy
 * machine, and the jobs behind are not delayed.
 */
const LATE_TIMER_MS = 50
/** Rounding must not let the timer ring again and again without any time passing. */
const SHORTEST_MS = 0.01

/** `begins`: nothing else was there, so it is done after that time. `full`: it is turned away. */
export type Arrival = { readonly type: 'begins'; readonly afterMs: Millis } | { readonly type: 'waits' | 'full' }

export function arrive<Job>(station: Station<Job>, job: Job, limit: number, { now, serviceMs }: Pace): Arrival {
  if (station.jobs.length >= limit) return { type: 'full' }
  if (station.jobs.push(job) > 1) return { type: 'waits' }
  station.doneAt = now + serviceMs
  return { type: 'begins', afterMs: serviceMs }
}

/** Removes the job that was served. If there is another, it is done after that time. */
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
