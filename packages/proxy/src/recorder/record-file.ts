import { close as closeFile, fsync, openSync, write as writeFile } from 'node:fs'
import { extname } from 'node:path'
import type { Header } from '@chaosproxy/history'
import { printJsonHeader, UserError } from '@chaosproxy/history'
import type { LineSink } from './event-order.ts'
import { sealRecord } from './seal-record.ts'

export interface RecordFileOptions {
  /** Written first, into the first file; asked for with the first line, when all that it tells is known. */
  readonly header?: (() => Header) | undefined
  /** A file that has reached this size is followed by another: `history.jsonl`, `history.2.jsonl`, … By default never. */
  readonly rotateBytes?: number | undefined
  /** What may wait for the disk before `behind` asks for traffic to be held up; 64 MiB by default. */
  readonly maximumBehindBytes?: number | undefined
  /** Told once when writing fails; lines after that are counted as lost, and traffic goes on. */
  readonly onError?: ((error: UserError) => void) | undefined
  /** The last line of a file that could not be written any further, where there is room for it. */
  readonly seal?: string | undefined
  /** How bytes get to the disk: all of them, or an error. */
  readonly disk?: Disk | undefined
}

/** Calls back once for each call; is not called again before. */
export type Disk = (file: number, bytes: Buffer, done: (error: Error | null) => void) => void

export interface RecordFileStatistics {
  readonly paths: readonly string[]
  /** Lines and bytes that are with the operating system. */
  readonly writtenLines: number
  readonly writtenBytes: number
  /** How far the disk is behind, now and at worst. */
  readonly behindBytes: number
  readonly mostBehindBytes: number
  /** How often so much waited that traffic had to be held up. */
  readonly congestions: number
  /** Lines that came after writing failed. */
  readonly lostLines: number
}

export interface RecordFile extends LineSink {
  readonly statistics: RecordFileStatistics
  /** More waits for the disk than should: whoever can, makes its clients wait. Nothing is ever dropped for it. */
  readonly congested: boolean
  /** Calls back when it is no longer congested, or at once. */
  whenRelieved(callback: () => void): void
  /** Everything is in the file and synchronised, or lost, once it resolves. */
  close(): Promise<void>
}

/** Lines are handed to the system when so much has come together … */
const BLOCK_BYTES = 64 * 1024
/** In UTF-8, of a UTF-16 code unit. */
const MOST_BYTES_PER_CHARACTER = 3
/** … or so long after the first of them. What a kill costs is at most this, and a history cut off there is still one. */
const FLUSH_AFTER_MS = 5
const DEFAULT_MAXIMUM_BEHIND_BYTES = 64 * 1024 * 1024

/**
 * A history that is written behind the traffic's back: no call waits for the disk. Only one write is ever under way, so
 * that lines cannot overtake each other.
 *
 * @throws UserError (environment) where the file cannot be created.
 */
export function openRecordFile(path: string, options: RecordFileOptions = {}): RecordFile {
  return new BehindWriter(path, options)
}

class BehindWriter implements RecordFile {
  readonly #options: RecordFileOptions
  readonly #disk: Disk
  readonly #maximumBehindBytes: number
  readonly #paths: string[]
  #file: number
  #fileBytes = 0
  /** Lines are put into their bytes at once: as strings they would be kept alive in many pieces. */
  #gathering: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  #gatheredBytes = 0
  #gatheredLines = 0
  /** Memory of blocks that are written. */
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

  constructor(path: string, options: RecordFileOptions) {
    this.#options = options
    this.#disk = options.disk ?? writeWhole
    this.#maximumBehindBytes = options.maximumBehindBytes ?? DEFAULT_MAXIMUM_BEHIND_BYTES
    this.#paths = [path]
    this.#file = openFile(path)
    this.#headerIsDue = options.header !== undefined
  }

  get statistics(): RecordFileStatistics {
    return {
      paths: [...this.#paths],
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

  write(line: string): void {
    if (this.#failed) {
      this.#lostLines++
      return
    }
    if (this.#headerIsDue) this.#writeHeader()
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
    if (this.#writing) await new Promise<void>((resolve) => (this.#idle = resolve))
    await closed(this.#file, !this.#failed)
  }

  #writeHeader(): void {
    this.#headerIsDue = false
    const { header } = this.#options
    if (header === undefined) return
    const bytes = Buffer.from(`${printJsonHeader(header())}\n`)
    this.#enqueue({ bytes, memory: bytes, lines: 0 })
  }

  #makeRoom(bytes: number): void {
    this.#flush()
    if (bytes > this.#gathering.length) this.#gathering = Buffer.allocUnsafeSlow(bytes)
  }

  /** While a write is under way there is no hurry: what is gathered goes after it, in fewer and larger blocks. */
  #flushInTime(): void {
    this.#timer = undefined
    if (!this.#writing) this.#flush()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#gatheredLines === 0) return
    const memory = this.#gathering
    const block = { bytes: memory.subarray(0, this.#gatheredBytes), memory, lines: this.#gatheredLines }
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
    const block = this.#blocks.shift()
    this.#writing = block !== undefined
    if (block === undefined) {
      // What came together meanwhile has waited long enough.
      if (this.#gatheredLines > 0 && this.#timer === undefined) this.#flush()
      else this.#idle?.()
      return
    }
    if (!this.#rotateBefore(block)) return
    this.#disk(this.#file, block.bytes, (error) => this.#wrote(block, error))
  }

  /** False where the next file could not be opened. */
  #rotateBefore(block: Block): boolean {
    const { rotateBytes } = this.#options
    if (rotateBytes !== undefined && this.#fileBytes > 0 && this.#fileBytes + block.bytes.length > rotateBytes) {
      const next = numbered(this.#paths[0] ?? '', this.#paths.length + 1)
      try {
        const file = openFile(next)
        void closed(this.#file, true)
        this.#file = file
        this.#fileBytes = 0
        this.#paths.push(next)
      } catch (error) {
        this.#fail(block, error)
        return false
      }
    }
    return true
  }

  #wrote(block: Block, error: Error | null): void {
    if (error !== null) {
      this.#fail(block, writingFailed(this.#paths.at(-1) ?? '', error))
      return
    }
    this.#fileBytes += block.bytes.length
    this.#writtenBytes += block.bytes.length
    this.#writtenLines += block.lines
    this.#behindBytes -= block.bytes.length
    if (block.memory.length === BLOCK_BYTES && this.#spare.length < SPARE_BLOCKS) this.#spare.push(block.memory)
    // Traffic that starts again at the very bound would stop again at once.
    if (this.#behindBytes <= this.#maximumBehindBytes / 2) this.#relieve()
    this.#writeNext()
  }

  /** A history with a hole would be judged wrongly, so nothing is written any more; traffic goes on. */
  #fail(block: Block, error: unknown): void {
    this.#failed = true
    this.#flush()
    this.#writing = false
    for (const lost of [block, ...this.#blocks.splice(0)]) this.#lostLines += lost.lines
    this.#behindBytes = 0
    const { seal } = this.#options
    if (seal !== undefined) sealRecord(this.#paths.at(-1) ?? '', this.#fileBytes, seal)
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
  /** That they lie in. */
  readonly memory: Buffer
  readonly lines: number
}

/** A write may be taken in part only. */
const writeWhole: Disk = (file, bytes, done) => {
  writeFile(file, bytes, 0, bytes.length, null, (error, taken) => {
    if (error !== null || taken === bytes.length) done(error)
    else writeWhole(file, bytes.subarray(taken), done)
  })
}

/** `history.jsonl` → `history.2.jsonl` */
function numbered(path: string, number: number): string {
  const extension = extname(path)
  return `${path.slice(0, path.length - extension.length)}.${number}${extension}`
}

function openFile(path: string): number {
  try {
    return openSync(path, 'w')
  } catch (error) {
    throw writingFailed(path, error)
  }
}

const closed = (file: number, synchronise: boolean): Promise<void> =>
  new Promise((resolve) => {
    const close = () => closeFile(file, () => resolve())
    // A pipe or a device cannot be synchronised, and needs not.
    if (synchronise) fsync(file, close)
    else close()
  })

function writingFailed(path: string, error: unknown): UserError {
  const reason = error instanceof Error ? error.message : String(error)
  return new UserError(
    'environment',
    `${path}: the record cannot be written (${reason}). Traffic goes on without one; choose a directory that can be written to, with space left, and start anew.`,
  )
}
