import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { threadLimits } from '@chaosproxy/simulator'
import { Tinypool } from 'tinypool'

const PACKAGE = dirname(createRequire(import.meta.url).resolve('chaosproxy/package.json'))

/** Threads that simulate: the user's own protocols run on them alone. */
export const createPool = (threads: number): Tinypool =>
  new Tinypool({
    // What is built, also where this runs from sources, as tests do; and without the conditions by which they do.
    filename: join(PACKAGE, 'dist', 'fuzz', 'worker.js'),
    execArgv: [],
    minThreads: threads,
    maxThreads: threads,
    resourceLimits: threadLimits,
  })
