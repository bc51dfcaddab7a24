import { threadLimits } from '@chaosproxy/simulator'
import { createThreads, type Threads } from '../threads.ts'

/** Threads for simulation. Users' own protocols run only on these. */
export const createPool = (threads: number): Threads => createThreads('search-worker', threads, threadLimits)
