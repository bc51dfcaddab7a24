import { type Millis, millis } from '@chaosproxy/history'

/**
 * A server that takes time for each job. It serves one job at a time, in order of arrival (the single-server queue of
 * Kleinrock, "Queueing Systems", 1975).
 */
export interface Station<Job> {
  /** The waiting jobs; the first job is being served. */
  readonly jobs: Job[]
  /** The time, by the monotonic clock, at which the first job is done. */
  doneAt: number
}

export const createStation = <Job>(): Station<Job> => ({ jobs: [], doneAt: 0 })

interface Pace {
  readonly now: Millis
  readonly serviceMs: Millis
}

export const paceOf = ({ steady, config }: PacedTurn): Pace => ({ now: steady, serviceMs: config.serviceMs })

interface PacedTurn {
  readonly steady: Millis
  readonly config: { readonly serviceMs: Millis }
}

export const serve = (turn: ServingTurn, afterMs: Millis): void => turn.setTimer('served', afterMs)

interface ServingTurn {
  setTimer(timer: 'served', afterMs: Millis): void
}

/**
 * On a busy machine, a timer may be late by this much. If a job ends later than `doneAt` by more than this, the server
 * was stopped in the meantime.
 */
const LATE_TIMER_MS = 50
/** The shortest timer in milliseconds. Rounding could otherwise make the timer fire repeatedly at the same time. */
const SHORTEST_MS = 0.01

/**
 * What happens to an arriving job. `begins`: the server was idle, and serves the job immediately. `full`: too many jobs
 * are waiting, and the job is rejected.
 */
type Arrival = { readonly type: 'begins'; readonly afterMs: Millis } | { readonly type: 'waits' | 'full' }

export function arrive<Job>(station: Station<Job>, job: Job, limit: number, { now, serviceMs }: Pace): Arrival {
  if (station.jobs.length >= limit) return { type: 'full' }
  if (station.jobs.push(job) > 1) return { type: 'waits' }
  station.doneAt = now + serviceMs
  return { type: 'begins', afterMs: serviceMs }
}

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
