import { setImmediate } from 'node:timers/promises'
import { askToStop, createProgress } from '@chaosproxy/targets/watchdog'
import type { Pool } from './job.ts'

const NOWHERE = { reading: { unit: 0, calls: 0, within: 0 }, described: '' } as const

/** Runs jobs on this thread, one after another. Users' code that never returns blocks the caller. */
export const thisThread: Pool = {
  width: 1,
  async do(job, spec, { signal, stop } = {}) {
    await setImmediate()
    if (signal?.aborted) return { type: 'given up', ...NOWHERE }
    const progress = createProgress()
    const onStop = () => askToStop(progress)
    if (stop?.aborted) onStop()
    stop?.addEventListener('abort', onStop)
    try {
      return { type: 'done', value: await job.run({ spec, progress }) }
    } catch (error) {
      return { type: 'failed', error, ...NOWHERE }
    } finally {
      stop?.removeEventListener('abort', onStop)
    }
  },
  close: async () => {},
}
