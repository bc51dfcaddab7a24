import type { History } from '@chaosproxy/history'
import type { PackedRecording } from '@chaosproxy/history/files'

// `--memory` limits the whole process, but checks can only estimate the memory that they need. So a thread is ended if
// the process exceeds the limit by more than a tenth.

/** The memory of the program, its threads and uncollected garbage. */
const PROGRAM_BYTES = 120e6

/**
 * If a memory limit is below this size, the memory of the program itself does not count. The limit then applies to the
 * memory for operations and, separately, to the memory for judging.
 */
const LEAST_FOR_PROCESS = 250e6

/** The memory for operations while they are read. */
export const roomFor = (memoryBytes: number): number =>
  memoryBytes < LEAST_FOR_PROCESS ? memoryBytes : memoryBytes - PROGRAM_BYTES

export const packedBytesOf = ({ packed }: PackedRecording): number => {
  let bytes = 0
  for (const { rows } of packed) for (const { pages } of rows) for (const page of pages) bytes += page.buffer.byteLength
  return bytes
}

/** The memory left for judging a history that is in memory. */
export const roomBeside = (memoryBytes: number, heldBytes: number): number =>
  memoryBytes < LEAST_FOR_PROCESS ? memoryBytes : Math.max(0, memoryBytes - PROGRAM_BYTES - heldBytes)

/** Returns a number of bytes in the form of `--memory`. */
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)}MB`

/** Returns the warning for a limit that is too low for the whole process. */
export const memoryNote = (memoryBytes: number): string | undefined =>
  memoryBytes < LEAST_FOR_PROCESS
    ? `--memory ${megabytes(memoryBytes)} limits only the memory for operations. Judging them may take the same amount, and the process up to ${megabytes(2 * memoryBytes + 200e6)}. To limit the whole process, give --memory ${megabytes(LEAST_FOR_PROCESS)} or more.`
    : undefined

// Memory of an operation, measured with V8 of Node 20.
const ROW_BYTES = 59
const NAME_BYTES = 100

export const heldBytesOf = ({ operations, values, keys, processCount }: History): number =>
  operations.callEvent.length * ROW_BYTES + values.sizeBytes + (keys.length + processCount) * NAME_BYTES

const LOOK_EVERY_MS = 50
const BEYOND = 1.1
/** The memory that a thread takes before it does any work. */
const THREAD_BYTES = 60e6

/** Returns the most memory that the process may take while it checks `atOnce` files at the same time. */
export function mostBytes(
  memoryBytes: number,
  {
    programBytes,
    atOnce,
    threads,
  }: { readonly programBytes: number; readonly atOnce: number; readonly threads: number },
): number {
  const allowed = BEYOND * memoryBytes * atOnce
  return memoryBytes < LEAST_FOR_PROCESS ? allowed + programBytes + PROGRAM_BYTES + THREAD_BYTES * threads : allowed
}

/** Calls `over` once the process exceeds this memory. The returned function stops watching. */
export function whenAbove(bytes: number, over: () => void): () => void {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() <= bytes) return
    clearInterval(timer)
    over()
  }, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}
