import type { ResourceLimits } from 'node:worker_threads'
import {
  askToStop,
  createProcessorShare,
  createProgress,
  createWatch,
  type Ill,
  readDescription,
} from '@chaosproxy/targets/watchdog'
import type { ThreadScript } from '../built-file.ts'
import { createThreads } from '../threads.ts'
import type { Pool, Task } from './job.ts'

const LOOK_EVERY_MS = 50
/**
 * The number of polls of this pool for each poll that the parameter `looks` of a job counts: `looks` assumes four polls
 * a second, and the pool polls every `LOOK_EVERY_MS`.
 */
const LOOKS_OF_ONE = 5
const GROWTH_BYTES = 2 ** 24
const NEARLY_ALL = 0.6
const USUAL_MB = 2_048

export interface ThreadLimits extends Readonly<ResourceLimits> {
  /** How much the process may grow during a call of users' code, in megabytes. */
  readonly mostTakenInCallMb?: number | undefined
}

/** Creates a pool of threads. A thread is ended if users' code does not return or takes all memory. */
export function createThreadPool(script: ThreadScript, width: number, limits: ThreadLimits = {}): Pool {
  const { mostTakenInCallMb, ...memory } = limits
  const threads = createThreads(script, width, memory)
  const muchBytes = NEARLY_ALL * (mostTakenInCallMb ?? memory.maxOldGenerationSizeMb ?? USUAL_MB) * 2 ** 20
  let busy = 0
  return {
    width,
    async do(job, spec, { signal, stop, looks, wanted } = {}) {
      const progress = createProgress(wanted)
      const task: Task<typeof spec> = { spec, progress }
      const ending = new AbortController()
      const [giveUp, onStop] = [() => ending.abort(), () => askToStop(progress)]
      signal?.addEventListener('abort', giveUp)
      stop?.addEventListener('abort', onStop)
      if (signal?.aborted) giveUp()
      if (stop?.aborted) onStop()
      const watch = createWatch(progress, {
        looks: (looks ?? Number.POSITIVE_INFINITY) * LOOKS_OF_ONE,
        growthBytes: GROWTH_BYTES,
        muchBytes,
        bytesAtStart: process.memoryUsage.rss(),
        mostGrowthBytes: (mostTakenInCallMb ?? USUAL_MB) * 2 ** 20,
      })
      let ill: Ill | undefined
      const share = createProcessorShare(LOOK_EVERY_MS)
      const watching = setInterval(() => {
        ill ??= watch.look(share(Math.min(busy, width)))
        if (ill !== undefined) ending.abort()
      }, LOOK_EVERY_MS)
      busy++
      try {
        return { type: 'done', value: await threads.run(job.kind, task, ending.signal) }
      } catch (error) {
        const left = { reading: watch.last(), described: readDescription(progress) }
        if (ill !== undefined) return { type: 'stopped', why: ill, ...left }
        if (ending.signal.aborted) return { type: 'given up', ...left }
        if ((error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY')
          return { type: 'stopped', why: 'memory', ...left }
        return { type: 'failed', error, ...left }
      } finally {
        busy--
        clearInterval(watching)
        signal?.removeEventListener('abort', giveUp)
        stop?.removeEventListener('abort', onStop)
      }
    },
    close: threads.close,
  }
}
