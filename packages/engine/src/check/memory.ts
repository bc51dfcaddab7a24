import type { History } from '@chaosproxy/history'
import type { PackedRecording } from '@chaosproxy/history/files'

// `--memory` bounds the whole process: the program, the operations and what it takes to judge them. Estimates keep to it,
// and since no estimate is exact, a thread is ended once the process takes more than a tenth above it.

/** The program, its threads, and garbage that is not collected yet. */
const PROGRAM_BYTES = 120e6

/** With less, the limit is for the operations, and for judging them, and the program comes on top. */
const LEAST_FOR_PROCESS = 250e6

/** Memory for operations while they are read. */
export const roomFor = (memoryBytes: number): number =>
  memoryBytes < LEAST_FOR_PROCESS ? memoryBytes : memoryBytes - PROGRAM_BYTES

/** What operations take that are packed. */
export const packedBytesOf = ({ packed }: PackedRecording): number => {
  let bytes = 0
  for (const { rows } of packed) for (const { pages } of rows) for (const page of pages) bytes += page.buffer.byteLength
  return bytes
}

/** Memory for judging a history that is held, beside the operations. */
export const roomBeside = (memoryBytes: number, heldBytes: number): number =>
  memoryBytes < LEAST_FOR_PROCESS ? memoryBytes : Math.max(0, memoryBytes - PROGRAM_BYTES - heldBytes)

/** As `--memory` takes it. */
export const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)}MB`

/** What is to be said before a check whose limit cannot be for the whole process. */
export const memoryNote = (memoryBytes: number): string | undefined =>
  memoryBytes < LEAST_FOR_PROCESS
    ? `--memory ${megabytes(memoryBytes)} is for the operations, and as much again for judging them: the process may take ${megabytes(2 * memoryBytes + 200e6)}. From ${megabytes(LEAST_FOR_PROCESS)} on it is for the whole process.`
    : undefined

// As measured with V8 of Node 20.
const ROW_BYTES = 59
const NAME_BYTES = 100

/** About what a history takes; of one of which only counts are known, little. */
export const heldBytesOf = ({ operations, values, keys, processCount }: History): number =>
  operations.callEvent.length * ROW_BYTES + values.sizeBytes + (keys.length + processCount) * NAME_BYTES

const LOOK_EVERY_MS = 50
const BEYOND = 1.1
/** What threads take before they do anything. */
const THREAD_BYTES = 60e6

/**
 * The most that a process may take whose program takes so much without threads, with so many files at a time.
 */
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

/** Calls back once the process takes more than this; call the result to stop watching. */
export function whenAbove(bytes: number, over: () => void): () => void {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() <= bytes) return
    clearInterval(timer)
    over()
  }, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}
