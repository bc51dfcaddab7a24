import { threadLimits } from '@chaosproxy/simulator'
import type { Pool } from '../jobs/job.ts'
import { createThreadPool } from '../jobs/thread-pool.ts'

/** Creates threads for simulation, including users' own protocols. */
export const createSearchPool = (threads: number): Pool => createThreadPool('search-worker', threads, threadLimits)
