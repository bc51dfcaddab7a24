import { createReadStream, createWriteStream, existsSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'

export interface PartsOptions {
  /** A new part starts at about this size, in bytes. */
  readonly bytes?: number | undefined
  /** The maximum time span of a part, in the recorder's time. */
  readonly everyMs?: number | undefined
  /** Whether finished parts are compressed with gzip. */
  readonly compress?: boolean | undefined
  /** How many of the newest parts to keep; by default all. */
  readonly keep?: number | undefined
}

export interface PartsStatistics {
  readonly current: number
  readonly removed: number
}

/** The numbered files of one recording in a directory: `part-0001.jsonl`, `part-0002.jsonl`, … */
export interface PartSeries {
  readonly removed: number
  pathOf(number: number): string
  /** Reports that a part is on disk and closed. */
  finished(number: number, newest: number): void
  /** Protects the parts up to this number from removal, because they are evidence. */
  pin(number: number): void
  /** Removes the oldest removable part to free space, and returns its name. */
  sacrifice(): string | undefined
  settled(): Promise<void>
}

export interface PartSeriesOptions extends Pick<PartsOptions, 'compress' | 'keep'> {
  /** Called when a part cannot be compressed or removed. The part stays as it is. */
  readonly onTrouble: (path: string, error: unknown) => void
}

/** @throws as `mkdirSync` if the directory cannot be made. */
export function createPartSeries(directory: string, options: PartSeriesOptions): PartSeries {
  const { compress = false, keep = Number.POSITIVE_INFINITY, onTrouble } = options
  makeDirectory(directory)
  const pathOf = (number: number): string => join(directory, `part-${String(number).padStart(4, '0')}.jsonl`)
  /** Finished parts that may be removed, oldest first. */
  let removable: number[] = []
  const there = new Set<number>()
  let pinnedTo = 0
  let removed = 0
  let busy: Promise<void> = Promise.resolve()

  function remove(number: number): void {
    there.delete(number)
    try {
      // Remove both files, because the compression may be in progress or just finished.
      rmSync(pathOf(number), { force: true })
      rmSync(compressedPath(pathOf(number)), { force: true })
      removed++
    } catch (error) {
      onTrouble(pathOf(number), error)
    }
  }

  function removeUpTo(last: number): void {
    for (const old of removable.filter((number) => number <= last)) remove(old)
    removable = removable.filter((number) => number > last)
  }

  async function compressed(number: number): Promise<void> {
    if (!there.has(number)) return
    const path = pathOf(number)
    const unfinished = `${compressedPath(path)}.unfinished`
    try {
      // Open the files synchronously. Otherwise the unfinished file could be created after the `catch` block has
      // removed it.
      const from = createReadStream(path, { fd: openSync(path, 'r') })
      const to = createWriteStream(unfinished, { fd: openSync(unfinished, 'w', 0o600), flush: true })
      await pipeline(from, createGzip({ level: constants.Z_BEST_SPEED }), to)
      if (!there.has(number)) return rmSync(unfinished)
      // After the rename, the compressed and the uncompressed file both exist. If the process is killed then, readers
      // use the uncompressed file.
      renameSync(unfinished, compressedPath(path))
      rmSync(path)
    } catch (error) {
      rmSync(unfinished, { force: true })
      if (there.has(number)) onTrouble(path, error)
    }
  }

  return {
    get removed() {
      return removed
    },
    pathOf,
    finished(number, newest) {
      there.add(number)
      if (number > pinnedTo) removable.push(number)
      removeUpTo(newest - keep)
      if (compress) busy = busy.then(() => compressed(number))
    },
    pin(number) {
      pinnedTo = Math.max(pinnedTo, number)
      removable = removable.filter((each) => each > pinnedTo)
    },
    sacrifice() {
      const oldest = removable.shift()
      if (oldest === undefined) return undefined
      remove(oldest)
      return pathOf(oldest)
    },
    settled: () => busy,
  }
}

const compressedPath = (path: string): string => `${path}.gz`

/** Creates a directory and its parents. Node 20's recursive `mkdirSync` never returns under /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(resolve(path)))
  mkdirSync(path, { mode: 0o700 })
}
