import type { HistoryBuilder } from '../builder/builder.ts'
import type { Ordering } from '../builder/disorder.ts'
import { CannotPack } from '../event/error.ts'
import type { EventInput } from '../event/event.ts'
import { EventError, located } from '../event/rules.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { eventOfMembers, headerOfMembers, membersOf } from './event-members.ts'
import { EventRows, isNative, mayNameKey } from './event-rows.ts'
import { BadJson, parsedJson } from './jsonl.ts'
import { LineScanner, UNUSUAL } from './jsonl-scanner.ts'
import { isComment } from './left-out.ts'
import { OtherTimes } from './other-times.ts'
import { type Mapping, type Members, Roles } from './roles.ts'

const NEWLINE = 0x0a
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export interface JsonlReaderOptions {
  readonly source: string
  readonly sink: EventSink
  readonly builder?: HistoryBuilder | undefined
  /** Whether the input starts within a file, so that it has no header and no byte order mark. */
  readonly isAmid?: boolean | undefined
  /** The roles of members, as given by `--map`: see `parseMapping`. */
  readonly mapping?: Mapping | undefined
  readonly ordering?: Ordering | undefined
}

/**
 * Reads native histories. `JSON.parse` reads the lines that the scanner cannot read, with the same result. For members
 * with other names see `EventRows`.
 */
export class JsonlReader implements ChunkReader {
  line = 1
  readonly #source: string
  readonly #sink: EventSink
  readonly #scanner: LineScanner | undefined
  readonly #times: OtherTimes
  readonly #rows: EventRows
  readonly #isMapped: boolean
  readonly #isAmid: boolean
  /** Whether the lines order the events, even if the header says that stamps do. */
  readonly #areLinesOrdered: boolean
  /** Whether some line had members with other names than native events have. */
  #areRenamed = false
  #begun = false
  #used = 0

  constructor(options: JsonlReaderOptions) {
    this.#source = options.source
    this.#sink = options.sink
    this.#times = new OtherTimes(options)
    const roles = new Roles(options.mapping)
    this.#rows = new EventRows({ source: options.source, sink: options.sink, roles })
    this.#isMapped = roles.isMapped
    this.#isAmid = options.isAmid === true
    this.#areLinesOrdered = options.ordering?.by === 'lines'
    if (this.#isAmid) {
      this.#begun = true
      this.#used = 1
    }
    this.#scanner = options.builder === undefined || roles.isMapped ? undefined : new LineScanner(options.builder)
  }

  read(bytes: Uint8Array, start: number, end: number, last: boolean): number {
    let at = this.#begun ? start : afterByteOrderMark(bytes, start, end)
    if (end > start || last) this.#begun = true
    const lastNewline = end > at ? bytes.lastIndexOf(NEWLINE, end - 1) : -1
    const scanner = this.#scanner
    while (at <= lastNewline) {
      if (bytes[at] === NEWLINE) {
        // Skips an empty line here, without the scanner, so that millions of empty lines cost little.
        at += 1
        this.line += 1
        continue
      }
      let next = scanner === undefined ? UNUSUAL : scanner.scan(bytes, at, this.line)
      if (next === UNUSUAL) {
        next = bytes.indexOf(NEWLINE, at) + 1
        this.#slowly(bytes, at, next - 1)
      } else this.#used += 1
      at = next
      this.line += 1
    }
    if (!last) return at
    if (at < end) this.#lastLine(bytes, at, end)
    this.#rows.end(this.#used)
    return end
  }

  #slowly(bytes: Uint8Array, start: number, end: number): void {
    try {
      this.#take(bytes, start, end)
    } catch (error) {
      throw located(error, this.#source, this.line)
    }
  }

  /** Reads a line without a line end. A kill or a full disk may have cut it off. */
  #lastLine(bytes: Uint8Array, start: number, end: number): void {
    // After a power loss, bytes that never reached the disk read as zeros.
    const zeros = bytes.subarray(start, end).indexOf(0)
    try {
      this.#take(bytes, start, zeros < 0 ? end : start + zeros)
      if (zeros < 0) return
      this.#sink.warn(
        `${this.#source}:${this.line}: the file ends in ${end - start - zeros} zero bytes, as after a power loss; they are left out, and more lines may be missing.`,
      )
    } catch (error) {
      if (!(error instanceof BadJson) || this.#used === 0) throw located(error, this.#source, this.line)
      this.#sink.warn(
        `${this.#source}:${this.line}: the last line is cut off (neither a line end nor valid JSON) and is left out; the lines before it are used.`,
      )
    }
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    const text = utf8(bytes, start, end)
    if (text.trim() === '') return
    if (isComment(text)) {
      this.#rows.leaveOut(this.line, text)
      return
    }
    const members = membersOf(parsedJson(text))
    const header = headerOfMembers(members)
    if (header === undefined) {
      const event = this.#eventOf(members)
      if (event === undefined) return
      this.#sink.event(this.#times.timed(event), this.line)
    } else if (this.#used === 0) {
      this.#rows.header = header
      this.#sink.header(header)
      if (header.taken !== undefined) this.#sink.taken?.(header.taken)
      if (header.stamps !== undefined && !this.#areLinesOrdered) this.#sink.stamped?.(header.stamps)
    } else
      throw new EventError(
        'this line is a header ("chaos"), which must be the first line. If histories were joined, split them.',
      )
    this.#used += 1
  }

  #eventOf(members: Members): EventInput | undefined {
    if (this.#isMapped || !isNative(members)) {
      // Events with other member names cannot be read from the middle of a file. A completion may lack its function,
      // and the invocation that names the function may be in an earlier part of the file.
      if (this.#isAmid) throw new CannotPack('members with other names')
      if (!this.#areRenamed) this.#sink.taken?.([])
      this.#areRenamed = true
      return this.#rows.event(members, this.line)
    }
    const event = eventOfMembers(members, this.#sink.epoch)
    if (this.#isAmid && event.key === undefined && mayNameKey(event))
      throw new CannotPack('members that may be the key')
    return this.#rows.completed(event)
  }
}

function utf8(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decoder.decode(bytes.subarray(start, end))
  } catch {
    throw new BadJson('this line is not UTF-8 text. Histories are written in UTF-8.')
  }
}

export function afterByteOrderMark(bytes: Uint8Array, start: number, end: number): number {
  const marked = end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
  return marked ? start + 3 : start
}
