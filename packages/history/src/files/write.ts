import { closeSync, existsSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { printEdnEvent } from '../codecs/edn-writer.ts'
import { printJsonHeader, printJsonLine } from '../codecs/jsonl.ts'
import { environmentError, type UserError } from '../event/error.ts'
import type { Event, Header } from '../event/event.ts'
import { whyUnwritable } from './system/system-errors.ts'

export interface WriterOptions {
  /** The header. It is written first, and only in the native format. */
  readonly header?: Header | undefined
  readonly format?: 'jsonl' | 'edn' | undefined
  /** The permissions of a new file; by default determined by the umask. */
  readonly mode?: number | undefined
  /**
   * Called once when writing fails. Later events are then lost, so that a run can continue and heal its faults. If
   * absent, calls throw instead.
   */
  readonly onError?: ((error: UserError) => void) | undefined
}

export interface HistoryWriter {
  readonly path: string
  /** Number of events in the file. */
  readonly written: number
  /** Number of events lost after writing failed. */
  readonly lost: number
  /** Writes an event. On return the operating system has it. */
  append(event: Event): void
  /** Appends a line. The operating system receives it within 5 ms. */
  appendLine(line: string): void
  /** Appends many events with fewer system calls. */
  appendAll(events: Iterable<Event>): void
  close(): void
}

const NEWLINE = 0x0a
const BATCH_CHARACTERS = 256 * 1024
const FLUSH_AFTER_MS = 5

/** Creates a history file, or empties an existing one. Throws a UserError `environment`. */
export function openHistoryWriter(path: string, options: WriterOptions = {}): HistoryWriter {
  const file = openFile(path, options.mode)
  const print = options.format === 'edn' ? printEdnEvent : printJsonLine
  const target = createTarget(path, file, options.onError)
  const lines = createBatch(target.write)
  if (options.header !== undefined && options.format !== 'edn') target.write(`${printJsonHeader(options.header)}\n`, 0)
  let open = true
  return {
    path,
    get written() {
      return target.written()
    },
    get lost() {
      return target.lost()
    },
    append(event) {
      lines.flush()
      target.write(`${print(event)}\n`, 1)
    },
    appendLine: lines.append,
    appendAll: (events) => {
      lines.flush()
      let text = ''
      let count = 0
      for (const event of events) {
        text += `${print(event)}\n`
        count += 1
        if (text.length >= BATCH_CHARACTERS) {
          target.write(text, count)
          text = ''
          count = 0
        }
      }
      if (count > 0) target.write(text, count)
    },
    close: () => {
      lines.flush()
      if (open) closeSync(file)
      open = false
    },
  }
}

interface Target {
  write(text: string, events: number): void
  written(): number
  lost(): number
}

function createTarget(path: string, file: number, onError: WriterOptions['onError']): Target {
  let sizeBytes = 0
  let written = 0
  let lost = 0
  let failure: UserError | undefined
  return {
    written: () => written,
    lost: () => lost,
    write(text, events) {
      if (failure !== undefined) {
        lost += events
        if (onError === undefined) throw failure
        return
      }
      const bytes = Buffer.from(text)
      const { done, error } = writeAll(file, bytes)
      if (error === undefined) {
        sizeBytes += done
        written += events
        return
      }
      const whole = bytes.subarray(0, bytes.lastIndexOf(NEWLINE, done - 1) + 1)
      const kept = done === 0 ? 0 : whole.filter((byte) => byte === NEWLINE).length
      sizeBytes += done === 0 ? 0 : whole.length
      written += Math.min(kept, events)
      lost += events - Math.min(kept, events)
      failure = writingFailed(path, written, error)
      dropPartialLine(file, sizeBytes)
      if (onError === undefined) throw failure
      onError(failure)
    },
  }
}

/** Collects lines to write them together: a system call for each would take a third of a recording run's time. */
function createBatch(write: Target['write']): { append(line: string): void; flush(): void } {
  let lines = ''
  let lineCount = 0
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (lineCount === 0) return
    const [text, count] = [lines, lineCount]
    lines = ''
    lineCount = 0
    write(text, count)
  }
  return {
    flush,
    append(line) {
      lines += line
      lineCount++
      timer ??= setTimeout(flush, FLUSH_AFTER_MS)
      if (lines.length >= BATCH_CHARACTERS) flush()
    },
  }
}

function openFile(path: string, mode = 0o666): number {
  try {
    // An exclusive creation does not follow a dangling symbolic link.
    return openSync(path, existsSync(path) ? 'w' : 'wx', mode)
  } catch (error) {
    throw writingFailed(path, 0, error)
  }
}

/** Writes all bytes. A single write may be partial, above all on a nearly full disk. */
function writeAll(file: number, bytes: Uint8Array): { readonly done: number; readonly error?: unknown } {
  let done = 0
  try {
    while (done < bytes.length) done += writeSync(file, bytes, done)
    return { done }
  } catch (error) {
    return { done, error }
  }
}

/** Cuts off a partial last line. If the file is a device, the partial line stays, but readers accept it. */
function dropPartialLine(file: number, sizeBytes: number): void {
  try {
    ftruncateSync(file, sizeBytes)
  } catch {
    // This failure is ignored, because only the first failure is reported.
  }
}

function writingFailed(path: string, written: number, error: unknown): UserError {
  const kept = written > 0 ? ` The ${written} events written before are kept.` : ''
  return environmentError(`${path}: ${whyUnwritable(error)}${kept}`)
}
