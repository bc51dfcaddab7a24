import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { threadLimits } from '@chaosproxy/simulator'
import { Tinypool } from 'tinypool'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('chaosproxy/package.json'))

/** Threads for simulation. Users' own protocols run only on these. */
export const createPool = (threads: number): Tinypool =>
  new Tinypool({
    // Always the built file, also if this runs from sources as in tests, and without the conditions that select sources.
    filename: join(PACKAGE, 'dist', 'fuzz', 'worker.js'),
    execArgv: [],
    minThreads: threads,
    maxThreads: threads,
    resourceLimits: threadLimits,
  })
