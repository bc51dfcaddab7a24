import { type BodyKind, BodyReader } from './body-reader.ts'
import { HeadCarry } from './head-carry.ts'
import type { HeaderBlock } from './header-block.ts'
import { MAXIMUM_HEAD_BYTES, STEP, type Step } from './syntax.ts'

export interface HeadReader<Head extends { readonly headers: HeaderBlock }> {
  /** Whether empty lines may precede a head. They may precede a request (RFC 9112 §2.2). */
  readonly mayBeginEmpty: boolean
  /** The head, once `read` has returned an offset. */
  readonly head: Head
  /** The reason why `read` returned -1. */
  readonly reason: string
  /**
   * Reads the head that begins at `start`. Returns the offset after it; -1 if it is malformed, or does not end within
   * `bytes`.
   */
  read(bytes: Buffer, start: number): number
  /**
   * Whether a head can begin with these bytes. Without this check, other bytes, such as a TLS handshake, would wait for
   * a line end that never arrives.
   */
  mayBegin(bytes: Buffer): boolean
}

/**
 * Reads the messages of one direction of a connection, however they are split into chunks. The parser stops after each
 * head, after each chunk's piece of a body, and after each message, so that the caller can act. It copies only the
 * bytes of a head that a chunk boundary splits. After each head, the caller must pass the framing of the body to
 * `frame`. For a response, this framing depends on the request.
 */
export class MessageParser<Head extends { readonly headers: HeaderBlock }> {
  /** The offset in the bytes at which `read` stopped. */
  offset = 0
  /** The reason why the bytes are malformed. */
  reason = ''
  readonly #heads: HeadReader<Head>
  readonly #body: BodyReader = new BodyReader()
  readonly #carry: HeadCarry
  #state: 'head' | 'body' | 'malformed' = 'head'
  #headLength = 0
  /** How many bytes of a split head arrived in earlier chunks. */
  #earlierBytes = 0

  constructor(heads: HeadReader<Head>) {
    this.#heads = heads
    this.#carry = new HeadCarry(heads)
  }

  /** The head, after a `head` step. */
  get head(): Head {
    return this.#heads.head
  }

  /** The length of the head after a `head` step, including `carried` bytes. The head ends at `offset`. */
  get headLength(): number {
    return this.#headLength
  }

  /** The start of the piece of content after a `data` step. The piece ends at `offset`. */
  get dataAt(): number {
    return this.#body.dataAt
  }

  /**
   * The bytes of a head that a chunk boundary splits. The bytes are complete after the head's `head` step, and valid
   * until the next step, which may reuse their memory.
   */
  get carried(): Buffer {
    return this.#carry.bytes
  }

  /** After a `malformed` step in a head: the part of this head that arrived in earlier chunks. */
  get earlier(): Buffer {
    return this.#carry.bytes.subarray(0, this.#earlierBytes)
  }

  /** Whether the parser is in the middle of a head, or of empty lines before a head. */
  get isCut(): boolean {
    return this.#state === 'head' && this.#carry.length > 0
  }

  get betweenMessages(): boolean {
    return this.#state === 'head' && this.#carry.isBlank
  }

  /** Whether the current message ends with the connection. */
  get endsWithConnection(): boolean {
    return this.#state === 'body' && this.#body.endsWithConnection
  }

  /** Continues reading at `from`, and returns the next step. */
  read(bytes: Buffer, from: number): Step {
    if (this.#state === 'body') return this.#readBody(bytes, from)
    if (this.#state === 'malformed') return this.#stop(STEP.malformed, from)
    if (from === bytes.length) return this.#stop(STEP.more, from)
    if (this.#carry.length > 0) return this.#readCutHead(bytes, from)
    const end = this.#heads.read(bytes, from)
    if (end < 0 || end - from > MAXIMUM_HEAD_BYTES) return this.#readCutHead(bytes, from)
    return this.#headRead(end, end - from)
  }

  frame(kind: BodyKind): void {
    this.#body.start(kind, this.head.headers.contentLength)
  }

  /**
   * Gathers a split head. Checks the head only when it is complete, so that the result does not depend on where the
   * head is split.
   */
  #readCutHead(bytes: Buffer, from: number): Step {
    const carry = this.#carry
    this.#earlierBytes = carry.length
    const end = carry.gather(bytes, from)
    if (end === undefined) {
      if (this.#heads.mayBegin(carry.text)) return this.#stop(STEP.more, bytes.length)
      return this.#malformed(bytes.length, 'this is not HTTP/1.1')
    }
    if (end < 0) return this.#malformed(bytes.length, 'a bare LF, an empty line, or an endless head')
    if (this.#heads.read(carry.bytes, 0) < 0) return this.#malformed(end, this.#heads.reason)
    return this.#headRead(end, carry.length)
  }

  #headRead(end: number, length: number): Step {
    this.#headLength = length
    this.#state = 'body'
    return this.#stop(STEP.head, end)
  }

  #readBody(bytes: Buffer, from: number): Step {
    if (this.#carry.length > 0) this.#carry.clear()
    const step = this.#body.read(bytes, from)
    if (step === STEP.malformed) return this.#malformed(this.#body.offset, this.#body.reason)
    if (step === STEP.end) this.#state = 'head'
    return this.#stop(step, this.#body.offset)
  }

  #malformed(offset: number, reason: string): Step {
    this.reason = reason
    this.#state = 'malformed'
    return this.#stop(STEP.malformed, offset)
  }

  #stop(step: Step, offset: number): Step {
    this.offset = offset
    return step
  }
}
