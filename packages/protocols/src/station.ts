/**
 * A server that takes time for each job: one at a time, in order of arrival, the others wait (the single-server queue of
 * Kleinrock, "Queueing Systems", 1975). Work that arrives faster than it is done waits ever longer.
 */
export interface Station<Job> {
  /** The first one is being served. */
  readonly jobs: Job[]
}

export const createStation = <Job>(): Station<Job> => ({ jobs: [] })

/** `begins`: nothing else was there, so it is served at once. `full`: it is turned away. */
export function arrive<Job>({ jobs }: Station<Job>, job: Job, limit: number): 'begins' | 'waits' | 'full' {
  if (jobs.length >= limit) return 'full'
  jobs.push(job)
  return jobs.length === 1 ? 'begins' : 'waits'
}

/** Removes the job that was served. Another begins if there is one. */
export function finish<Job>({ jobs }: Station<Job>): { readonly done: Job | undefined; readonly next: boolean } {
  const done = jobs.shift()
  return { done, next: jobs.length > 0 }
}
