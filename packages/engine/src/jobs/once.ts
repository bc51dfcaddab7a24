import type { Doing, Job, JobEnd, Pool } from './job.ts'
import { jobName } from './job-name.ts'

/** Returns a pool that reuses results by job name. Jobs must not be stopped halfway. */
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
