import { threadLimits } from '@chaosproxy/simulator'
import { Tinypool } from 'tinypool'

/** Threads that simulate: the user's own protocols run on them alone. */
export const createPool = (threads: number): Tinypool =>
  new Tinypool({
    // What is built, also where this runs from sources, as tests do; and without the conditions by which they do.
    filename: new URL('../../dist/fuzz/worker.js', import.meta.url).href,
    execArgv: [],
    minThreads: threads,
    maxThreads: threads,
    resourceLimits: threadLimits,
  })
