import { close as closeFile, existsSync, fsync, ftruncateSync, openSync, write as writeFile } from 'node:fs'
import { environmentError, errorText, type Header, printJsonHeader, UserError } from '@chaosproxy/history'
import { createPartSeries, type PartSeries, type PartsOptions, type PartsStatistics } from './part-series.ts'
import { sealRecord } from './seal-record.ts'

export interface RecordFileOptions {
  /** Returns the first line of the first file. Called with the first event, when the header is known. */
  readonly header?: (() => Header) | undefined
  /** Writes numbered parts in a directory instead of one file. */
  readonly parts?: PartsOptions | undefined
  /** The backlog at which traffic should wait, by default 64 MiB. */
  readonly maximumBehindBytes?: number | undefined
  /** Called once, when writing fails. Later lines are lost, and traffic continues. */
  readonly onError?: ((error: UserError) => void) | undefined
  /** Called with a sentence when a part is removed for space, or cannot be compressed or removed. */
  readonly onNotice?: ((sentence: string) => void) | undefined
  /** The line that ends a file after a failed write, if there is room for it. */
  readonly seal?: string | undefined
  /** The last line of the last file. */
  readonly end?: string | undefined
  /** Writes bytes to the disk; by default `fs.write`. */
  readonly disk?: Disk | undefined
}

/** Writes bytes to a file, then calls `done`. There is never more than one call at a time. */
export type Disk = (file: number, bytes: Buffer, done: (error: Error | null) => void) => void

interface RecordFileStatistics {
  /** The path of the file, or of the parts' directory. */
  readonly path: string
  readonly parts: PartsStatistics | undefined
  /** Lines that the operating system has accepted. */
  readonly writtenLines: number
  /** Bytes that the operating system has accepted. */
  readonly writtenBytes: number
  /** The current backlog. */
  readonly behindBytes: number
  /** The largest backlog so far. */
  readonly mostBehindBytes: number
  /** The number of times that traffic had to wait. */
  readonly congestions: number
  /** The number of lines added after writing failed. */
  readonly lostLines: number
}

export interface LinePlace {
  readonly path: string
  /** The line's number in the file or part, counted from 1. */
  readonly line: number
}

export interface RecordFile {
  /** Adds a line. Begins a new part first if the current part is full or has reached its maximum duration. */
  write(line: string, event?: { readonly time: number }): void
  /** Returns where the last line is, unless it is lost. */
  place(): LinePlace | undefined
  /** Protects the existing parts from removal. */
  pin(): void
  readonly statistics: RecordFileStatistics
  /** Whether clients should wait because of the backlog. No line is dropped because of it. */
  readonly congested: boolean
  /** Calls back as soon as the file is not congested. */
  whenRelieved(callback: () => void): void
  /** Resolves once the file is synchronised with the disk and contains every line that was not lost. */
  close(): Promise<void>
}

/** Gathered lines are written once they have this many bytes, or after `FLUSH_AFTER_MS`. */
const BLOCK_BYTES = 64 * 1024
/** Maximum number of bytes in one write. Several waiting blocks are joined up to this size. */
const JOINED_BYTES = 4 * 1024 * 1024
/** Maximum number of UTF-8 bytes that encode one UTF-16 code unit. */
const MOST_BYTES_PER_CHARACTER = 3
/** Maximum time for which gathered lines wait. A killed process loses only the lines of this time. */
const FLUSH_AFTER_MS = 5
const DEFAULT_MAXIMUM_BEHIND_BYTES = 64 * 1024 * 1024

/**
 * Opens a history file that is written in the background, with one write at a time to keep lines in order.
 *
 * @throws UserError (environment) if the file cannot be created.
 */
export function openRecordFile(path: string, options: RecordFileOptions = {}): RecordFile {
  return new BehindWriter(path, options)
}

class BehindWriter implements RecordFile {
  readonly #options: RecordFileOptions
  readonly #disk: Disk
  readonly #maximumBehindBytes: number
  readonly #path: string
  readonly #series: PartSeries | undefined
  readonly #partBytes: number
  readonly #partNanos: number
  /** The part that gets new lines. An earlier part may still be written to disk. */
  #part = 1
  #lines = 0
  #bytes = 0
  #partSince: number | undefined
  #partOnDisk = 1
  #file: number
  #fileBytes = 0
  /** The gathered lines as encoded bytes, because strings would keep many small objects alive. */
  #gathering: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  #gatheredBytes = 0
  #gatheredLines = 0
  readonly #spare: Buffer[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #blocks: Block[] = []
  #writing = false
  #behindBytes = 0
  #mostBehindBytes = 0
  #congestions = 0
  #congested = false
  #relieved: (() => void)[] = []
  #writtenLines = 0
  #writtenBytes = 0
  #lostLines = 0
  #failed = false
  #headerIsDue: boolean
  #idle: (() => void) | undefined
  /** Parts being closed. */
  #closing: Promise<unknown> = Promise.resolve()

  constructor(path: string, options: RecordFileOptions) {
    this.#options = options
    this.#disk = options.disk ?? writeWhole
    this.#maximumBehindBytes = options.maximumBehindBytes ?? DEFAULT_MAXIMUM_BEHIND_BYTES
    const { parts, onNotice } = options
    this.#path = path
    this.#partBytes = parts?.bytes ?? Number.POSITIVE_INFINITY
    this.#partNanos = (parts?.everyMs ?? Number.POSITIVE_INFINITY) * NANOS_PER_MS
    this.#series = parts === undefined ? undefined : openSeries(path, parts, onNotice)
    this.#file = openFile(this.#pathOf(1))
    this.#headerIsDue = options.header !== undefined
  }

  get statistics(): RecordFileStatistics {
    return {
      path: this.#path,
      parts: this.#series === undefined ? undefined : { current: this.#part, removed: this.#series.removed },
      writtenLines: this.#writtenLines,
      writtenBytes: this.#writtenBytes,
      behindBytes: this.#behindBytes + this.#gatheredBytes,
      mostBehindBytes: this.#mostBehindBytes,
      congestions: this.#congestions,
      lostLines: this.#lostLines,
    }
  }

  get congested(): boolean {
    return this.#congested
  }

  whenRelieved(callback: () => void): void {
    if (this.#congested) this.#relieved.push(callback)
    else callback()
  }

  place(): LinePlace | undefined {
    return this.#failed ? undefined : { path: this.#pathOf(this.#part), line: this.#lines }
  }

  pin(): void {
    this.#series?.pin(this.#part)
  }

  write(line: string, event?: { readonly time: number }): void {
    if (this.#failed) {
      this.#lostLines++
      return
    }
    if (this.#headerIsDue) this.#writeHeader()
    if (this.#series !== undefined) this.#chooseParts(line.length, event?.time)
    this.#lines++
    const mostBytes = line.length * MOST_BYTES_PER_CHARACTER
    if (this.#gatheredBytes + mostBytes > this.#gathering.length) this.#makeRoom(mostBytes)
    this.#gatheredBytes += this.#gathering.write(line, this.#gatheredBytes, 'utf8')
    this.#gatheredLines++
    this.#timer ??= setTimeout(() => this.#flushInTime(), FLUSH_AFTER_MS)
    if (this.#writing) this.#noteCongestion()
  }

  async close(): Promise<void> {
    if (this.#headerIsDue) this.#writeHeader()
    this.#flush()
    const { end } = this.#options
    if (end !== undefined && !this.#failed) this.#enqueueText(end)
    if (this.#writing) await new Promise<void>((resolve) => (this.#idle = resolve))
    await closed(this.#file, !this.#failed)
    await this.#closing
    if (!this.#failed) this.#series?.finished(this.#partOnDisk, this.#partOnDisk)
    await this.#series?.settled()
  }

  readonly #pathOf = (part: number): string => this.#series?.pathOf(part) ?? this.#path

  /** Chooses the part for a line. The line's place must be known before it is written. */
  #chooseParts(bytes: number, time: number | undefined): void {
    const isFull = this.#bytes > 0 && this.#bytes + bytes > this.#partBytes
    const isOver = time !== undefined && time - (this.#partSince ?? time) >= this.#partNanos
    if (isFull || isOver) {
      this.#flush()
      this.#part++
      this.#lines = 0
      this.#bytes = 0
      this.#partSince = undefined
    }
    this.#partSince ??= time
    this.#bytes += bytes
  }

  #writeHeader(): void {
    this.#headerIsDue = false
    const { header } = this.#options
    if (header === undefined) return
    this.#enqueueText(`${printJsonHeader(header())}\n`)
  }

  /** Queues a line that is not an event. It is left out of the statistics. */
  #enqueueText(text: string): void {
    const bytes = Buffer.from(text)
    this.#lines++
    this.#bytes += bytes.length
    this.#enqueue({ bytes, memory: bytes, lines: 0, part: this.#part })
  }

  #makeRoom(bytes: number): void {
    this.#flush()
    if (bytes > this.#gathering.length) this.#gathering = Buffer.allocUnsafeSlow(bytes)
  }

  /** Flushes the gathered lines after the time limit, unless a write is in progress. */
  #flushInTime(): void {
    this.#timer = undefined
    if (!this.#writing) this.#flush()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#gatheredLines === 0) return
    const memory = this.#gathering
    const block = {
      bytes: memory.subarray(0, this.#gatheredBytes),
      memory,
      lines: this.#gatheredLines,
      part: this.#part,
    }
    this.#gathering = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#gatheredBytes = 0
    this.#gatheredLines = 0
    this.#enqueue(block)
  }

  #enqueue(block: Block): void {
    this.#blocks.push(block)
    this.#behindBytes += block.bytes.length
    this.#mostBehindBytes = Math.max(this.#mostBehindBytes, this.#behindBytes)
    this.#noteCongestion()
    if (!this.#writing) this.#writeNext()
  }

  #noteCongestion(): void {
    if (this.#congested || this.#behindBytes + this.#gatheredBytes <= this.#maximumBehindBytes) return
    this.#congested = true
    this.#congestions++
  }

  #writeNext(): void {
    const block = this.#nextBlock()
    this.#writing = block !== undefined
    if (block === undefined) {
      // Write now, because the lines gathered during the last write have already waited long enough.
      if (this.#gatheredLines > 0 && this.#timer === undefined) this.#flush()
      else this.#idle?.()
      return
    }
    if (block.part !== this.#partOnDisk && !this.#openPart(block)) return
    this.#disk(this.#file, block.bytes, (error) => this.#wrote(block, error))
  }

  /**
   * Joins the blocks that wait for one part, up to a limit. Many blocks wait in a busy process, because it learns late
   * that a write has ended.
   */
  #nextBlock(): Block | undefined {
    const [first, second] = this.#blocks
    if (first === undefined || first.part !== second?.part) return this.#blocks.shift()
    let [count, sizeBytes, lines] = [0, 0, 0]
    for (const { bytes, lines: more, part } of this.#blocks) {
      if (part !== first.part || (count > 0 && sizeBytes + bytes.length > JOINED_BYTES)) break
      count++
      sizeBytes += bytes.length
      lines += more
    }
    const joined = this.#blocks.splice(0, count)
    const bytes = Buffer.concat(joined.map((block) => block.bytes))
    for (const { memory } of joined) this.#reuse(memory)
    return { bytes, memory: bytes, lines, part: first.part }
  }

  #reuse(memory: Buffer): void {
    if (memory.length === BLOCK_BYTES && this.#spare.length < SPARE_BLOCKS) this.#spare.push(memory)
  }

  #openPart(block: Block): boolean {
    const [before, finished] = [this.#file, this.#partOnDisk]
    try {
      this.#file = openFile(this.#pathOf(block.part))
    } catch (error) {
      this.#fail(block, error)
      return false
    }
    this.#fileBytes = 0
    this.#partOnDisk = block.part
    this.#closing = Promise.all([this.#closing, closed(before, true)]).then(() =>
      this.#series?.finished(finished, block.part),
    )
    return true
  }

  #wrote(block: Block, error: Error | null): void {
    if (error !== null) {
      if (this.#madeRoom(error)) this.#disk(this.#file, block.bytes, (again) => this.#wrote(block, again))
      else this.#fail(block, writingFailed(this.#pathOf(this.#partOnDisk), error))
      return
    }
    this.#fileBytes += block.bytes.length
    this.#writtenBytes += block.bytes.length
    this.#writtenLines += block.lines
    this.#behindBytes -= block.bytes.length
    this.#reuse(block.memory)
    // Resume traffic at half of the limit: just below the limit, it would be stopped again immediately.
    if (this.#behindBytes <= this.#maximumBehindBytes / 2) this.#relieve()
    this.#writeNext()
  }

  /** Removes the oldest part if the disk is full. Returns whether writing can be repeated. */
  #madeRoom(error: NodeJS.ErrnoException): boolean {
    if (error.code !== 'ENOSPC' || this.#options.parts?.keep === undefined) return false
    const removed = this.#series?.sacrifice()
    if (removed === undefined) return false
    const path = this.#pathOf(this.#partOnDisk)
    try {
      // Remove the bytes of the failed block from the file: some of them may have been written.
      const file = openSync(path, 'a')
      ftruncateSync(file, this.#fileBytes)
      void closed(this.#file, false)
      this.#file = file
    } catch {
      return false
    }
    this.#options.onNotice?.(
      `${removed}: removed to make room, since the disk is full. Fewer than --keep parts fit on the disk.`,
    )
    return true
  }

  /** Stops writing, because a history with a gap would be judged wrongly. Traffic continues. */
  #fail(block: Block, error: unknown): void {
    this.#failed = true
    this.#flush()
    this.#writing = false
    for (const lost of [block, ...this.#blocks.splice(0)]) this.#lostLines += lost.lines
    this.#behindBytes = 0
    const { seal } = this.#options
    if (seal !== undefined) sealRecord(this.#pathOf(this.#partOnDisk), this.#fileBytes, seal)
    this.#relieve()
    this.#idle?.()
    if (error instanceof UserError) this.#options.onError?.(error)
    else throw error
  }

  #relieve(): void {
    if (!this.#congested) return
    this.#congested = false
    for (const callback of this.#relieved.splice(0)) callback()
  }
}

const SPARE_BLOCKS = 4

interface Block {
  readonly bytes: Buffer
  readonly memory: Buffer
  readonly lines: number
  readonly part: number
}

/** Repeats partial writes until all bytes are written. */
const writeWhole: Disk = (file, bytes, done) => {
  writeFile(file, bytes, 0, bytes.length, null, (error, taken) => {
    if (error !== null || taken === bytes.length) done(error)
    else writeWhole(file, bytes.subarray(taken), done)
  })
}

const NANOS_PER_MS = 1e6

function openSeries(path: string, parts: PartsOptions, onNotice: RecordFileOptions['onNotice']): PartSeries {
  const onTrouble = (part: string, error: unknown) =>
    onNotice?.(`${part}: it is left as it is, because it cannot be compressed or removed (${errorText(error)}).`)
  try {
    return createPartSeries(path, { ...parts, onTrouble })
  } catch (error) {
    throw writingFailed(path, error)
  }
}

function openFile(path: string): number {
  try {
    // A new file is created exclusively, because a dangling link could redirect it. The file contains clients' data, so
    // only its owner may read it.
    return openSync(path, existsSync(path) ? 'w' : 'wx', 0o600)
  } catch (error) {
    throw writingFailed(path, error)
  }
}

const closed = (file: number, synchronise: boolean): Promise<void> =>
  new Promise((resolve) => {
    const close = () => closeFile(file, () => resolve())
    // Pipes and devices do not support synchronisation, and do not need it.
    if (synchronise) fsync(file, close)
    else close()
  })

function writingFailed(path: string, error: unknown): UserError {
  return environmentError(
    `${path}: the record cannot be written (${errorText(error)}). Traffic continues unrecorded. Choose a writable directory with free space, and start the recording again.`,
  )
}
