import { getEnvironmentData, type ResourceLimits } from 'node:worker_threads'
import { builtFile, EXTENDED_BY, type ThreadScript } from './built-file.ts'

/** Threads of this machine, each of which runs one function of a script at a time. */
export interface Threads {
  /** Calls the script's function of this name on a free thread. Aborting the signal ends the thread. */
  run<Result>(work: string, task: object, signal?: AbortSignal): Promise<Result>
  close(): Promise<void>
}

/** Starts as many threads as needed. A thread that exceeds its memory is ended, and its task fails. */
export function createThreads(script: ThreadScript, threads: number, memory?: Readonly<ResourceLimits>): Threads {
  const file = builtFile(script)
  const isExtended = getEnvironmentData(EXTENDED_BY) !== undefined
  // Imported late, because a check of a small file starts no thread.
  const starting = import('tinypool').then(
    ({ Tinypool }) =>
      new Tinypool({
        // Threads run the built file. They do not inherit the setting that makes imports resolve to sources.
        filename: isExtended ? builtFile('extended-worker') : file,
        execArgv: [],
        minThreads: threads,
        maxThreads: threads,
        ...(memory === undefined ? {} : { resourceLimits: memory }),
      }),
  )
  return {
    async run(work, task, signal) {
      const pool = await starting
      const [input, name] = isExtended ? [{ script: file, work, task }, 'perform'] : [task, work]
      return pool.run(input, signal === undefined ? { name } : { name, signal })
    },
    async close() {
      const pool = await starting
      await pool.destroy()
    },
  }
}
