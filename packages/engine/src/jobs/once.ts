import type { Doing, Job, JobEnd, Pool } from './job.ts'
import { jobName } from './job-name.ts'

/**
 * Returns a pool that runs each job once and reuses the result for jobs with the same name. Every job runs with
 * `doing`. The jobs must not be stopped halfway.
 */
export function once(pool: Pool, doing: Doing = {}): Pool {
  const done = new Map<string, Promise<JobEnd<unknown>>>()
  return {
    ...pool,
    do<Spec extends object, Result>(job: Job<Spec, Result>, spec: Spec): Promise<JobEnd<Result>> {
      const name = jobName(job, spec)
      const end = (done.get(name) as Promise<JobEnd<Result>> | undefined) ?? pool.do(job, spec, doing)
      done.set(name, end)
      return end
    },
  }
}
