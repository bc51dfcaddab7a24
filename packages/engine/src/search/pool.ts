import { threadLimits } from '@chaosproxy/simulator'
import type { Pool } from '../jobs/job.ts'
import { createThreadPool } from '../jobs/thread-pool.ts'

/** Creates threads for simulation. Users' own protocols run only on these. */
export const createSearchPool = (threads: number): Pool => createThreadPool('search-worker', threads, threadLimits)
