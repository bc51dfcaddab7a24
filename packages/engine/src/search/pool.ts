import { threadLimits } from '@chaosproxy/simulator'
import type { Pool } from '../jobs/job.ts'
import { createThreadPool } from '../jobs/thread-pool.ts'

/** Creates a pool of threads that simulate protocols, including protocols that users wrote. */
export const createSearchPool = (threads: number): Pool => createThreadPool('search-worker', threads, threadLimits)
