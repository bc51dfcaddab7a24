import { threadLimits } from '@chaosproxy/simulator'
import { Tinypool } from 'tinypool'
import { builtFile } from '../built-file.ts'

/** Threads for simulation. Users' own protocols run only on these. */
export const createPool = (threads: number): Tinypool =>
  new Tinypool({
    // Always the built file, also if this runs from sources as in tests, and without the conditions that select sources.
    filename: builtFile('search-worker'),
    execArgv: [],
    minThreads: threads,
    maxThreads: threads,
    resourceLimits: threadLimits,
  })
