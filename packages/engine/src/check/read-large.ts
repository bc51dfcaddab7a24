import { CannotPack, joinStretches, UserError } from '@chaosproxy/history'
import { stretchesOf } from '@chaosproxy/history/files'
import { dealingOf } from './dealing.ts'
import { readLargeJob, stretchJob } from './jobs.ts'
import { roomFor } from './memory.ts'
import type { CheckPool } from './pool.ts'
import type { CheckTask, FileTrouble, StoppedFile } from './result.ts'
import type { ReadLarge } from './worker.ts'

/**
 * The number of parts of a file that each thread reads on average. It is greater than 1, so that no thread waits long
 * for the last part.
 */
const STRETCHES_PER_THREAD = 2

/**
 * Reads a large recording. Packs the operations of each key that is assigned to a group of keys (a place). If the
 * recording is a plain file, several threads read its parts. Findings that need the whole recording are left to a
 * single thread.
 */
export async function readLarge(
  pool: CheckPool,
  task: CheckTask,
  places: number,
): Promise<ReadLarge | FileTrouble | StoppedFile> {
  return (await readByStretches(pool, task, places)) ?? (await pool.run(readLargeJob, task, { task, places }))
}

async function readByStretches(pool: CheckPool, task: CheckTask, places: number): Promise<ReadLarge | undefined> {
  if (pool.threads < 2 || task.stored !== undefined) return undefined
  const stretches = stretchesOf(task.file, pool.threads * STRETCHES_PER_THREAD)
  if (stretches === undefined || stretches.length < 2) return undefined
  const started = performance.now()
  const memoryBytes = roomFor(task.settings.memoryBytes) / stretches.length
  const read = await Promise.all(
    stretches.map((stretch) => pool.run(stretchJob, task, { task, places, stretch, memoryBytes })),
  )
  const found = read.flatMap((each) => ('stretch' in each ? [each.stretch] : []))
  if (found.length < read.length) return undefined
  try {
    const recording = joinStretches(found, dealingOf(places))
    return { recording, parseMs: performance.now() - started }
  } catch (error) {
    if (error instanceof CannotPack || error instanceof UserError) return undefined
    throw error
  }
}
