import { COLON, CR, HEX, isName, LF, MAXIMUM_HEAD_BYTES, SEMICOLON, STEP, type Step, TEXT, TOKEN } from './syntax.ts'

/** How a body ends. `sized`: after its length. `chunked`: after its last chunk. `until-close`: with the connection. */
export type BodyKind = 'none' | 'sized' | 'chunked' | 'until-close'

const BAD_TRAILER = 'a trailer that is malformed, or is Content-Length or Transfer-Encoding'

/** The size must be exact as a double. */
const MAXIMUM_SIZE_DIGITS = 13

/** The states of the reader in a chunked body, each named after the part of the body that comes next. */
const IN = {
  size: 0,
  extension: 1,
  sizeLineFeed: 2,
  data: 3,
  dataReturn: 4,
  dataLineFeed: 5,
  lineStart: 6,
  name: 7,
  value: 8,
  valueLineFeed: 9,
  lastLineFeed: 10,
} as const

/** Finds the ends of bodies (RFC 9112 §6, §7), however they are split, without reading their content. */
export class BodyReader {
  offset = 0
  /** The start of the content after a `data` step. The content ends at `offset`. */
  dataAt = 0
  reason = ''
  #kind: BodyKind = 'none'
  #remaining = 0
  #state: (typeof IN)[keyof typeof IN] = IN.size
  #sizeDigits = 0
  /** The total length of chunk extensions since the last data, and of the trailers. */
  #linesBytes = 0
  readonly #name: Buffer = Buffer.alloc('transfer-encoding'.length + 1)
  #nameLength = 0

  start(kind: BodyKind, length: number): void {
    this.#kind = kind
    this.#remaining = kind === 'sized' ? length : 0
    this.#state = IN.size
    this.#sizeDigits = 0
    this.#linesBytes = 0
  }

  read(bytes: Buffer, from: number): Step {
    switch (this.#kind) {
      case 'none':
        return this.#stop(STEP.end, from)
      case 'sized':
        if (this.#remaining === 0) return this.#stop(STEP.end, from)
        return this.#content(bytes, from)
      case 'chunked':
        return this.#chunked(bytes, from)
      case 'until-close':
        if (from === bytes.length) return this.#stop(STEP.more, from)
        this.dataAt = from
        return this.#stop(STEP.data, bytes.length)
    }
  }

  get endsWithConnection(): boolean {
    return this.#kind === 'until-close'
  }

  #content(bytes: Buffer, from: number): Step {
    if (from === bytes.length) return this.#stop(STEP.more, from)
    const size = Math.min(this.#remaining, bytes.length - from)
    this.#remaining -= size
    this.dataAt = from
    return this.#stop(STEP.data, from + size)
  }

  #chunked(bytes: Buffer, from: number): Step {
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0
      switch (this.#state) {
        case IN.size: {
          const digit = HEX[byte] ?? -1
          if (digit >= 0) {
            if (++this.#sizeDigits > MAXIMUM_SIZE_DIGITS) return this.#fail(i, 'a chunk size that is too large')
            this.#remaining = this.#remaining * 16 + digit
          } else if (this.#sizeDigits === 0) return this.#fail(i, 'a chunk size that is not a hexadecimal number')
          else if (byte === CR) this.#state = IN.sizeLineFeed
          else if (byte === SEMICOLON) this.#state = IN.extension
          else return this.#fail(i, 'a chunk size that is not a hexadecimal number')
          break
        }
        case IN.extension:
          if (byte === CR) this.#state = IN.sizeLineFeed
          else if (TEXT[byte] !== 1 || ++this.#linesBytes > MAXIMUM_HEAD_BYTES)
            return this.#fail(i, 'a chunk extension that is malformed or endless')
          break
        case IN.sizeLineFeed:
          if (byte !== LF) return this.#fail(i, 'a CR without its LF')
          this.#state = this.#remaining === 0 ? IN.lineStart : IN.data
          break
        case IN.data: {
          const step = this.#content(bytes, i)
          if (this.#remaining === 0) this.#state = IN.dataReturn
          return step
        }
        case IN.dataReturn:
          if (byte !== CR) return this.#fail(i, 'a chunk that is longer than its size')
          this.#state = IN.dataLineFeed
          break
        case IN.dataLineFeed:
          if (byte !== LF) return this.#fail(i, 'a CR without its LF')
          this.#state = IN.size
          this.#sizeDigits = 0
          break
        case IN.lineStart:
          this.#nameLength = 0
          this.#state = byte === CR ? IN.lastLineFeed : IN.name
          if (byte !== CR && !this.#trailerName(byte)) return this.#fail(i, BAD_TRAILER)
          break
        case IN.name:
          if (!this.#trailerName(byte)) return this.#fail(i, BAD_TRAILER)
          break
        case IN.value:
          if (byte === CR) this.#state = IN.valueLineFeed
          else if (TEXT[byte] !== 1 || ++this.#linesBytes > MAXIMUM_HEAD_BYTES)
            return this.#fail(i, 'a trailer that is malformed, or endless trailers')
          break
        case IN.valueLineFeed:
          if (byte !== LF) return this.#fail(i, 'a CR without its LF')
          this.#state = IN.lineStart
          break
        case IN.lastLineFeed:
          if (byte !== LF) return this.#fail(i, 'a CR without its LF')
          return this.#stop(STEP.end, i + 1)
      }
    }
    return this.#stop(STEP.more, bytes.length)
  }

  /** Reads a byte of a trailer's name, or the colon. Returns false if the trailer is refused. */
  #trailerName(byte: number): boolean {
    if (TOKEN[byte] === 1) {
      if (this.#nameLength < this.#name.length) this.#name[this.#nameLength++] = byte
      return ++this.#linesBytes <= MAXIMUM_HEAD_BYTES
    }
    if (byte !== COLON || this.#nameLength === 0) return false
    this.#state = IN.value
    return (
      !isName(this.#name, 0, this.#nameLength, 'content-length') &&
      !isName(this.#name, 0, this.#nameLength, 'transfer-encoding')
    )
  }

  #fail(offset: number, reason: string): Step {
    this.reason = reason
    return this.#stop(STEP.malformed, offset)
  }

  #stop(step: Step, offset: number): Step {
    this.offset = offset
    return step
  }
}
