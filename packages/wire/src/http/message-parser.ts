import { type BodyKind, BodyReader } from './body-reader.ts'
import { HeadCarry } from './head-carry.ts'
import type { HeaderBlock } from './header-block.ts'
import { MAXIMUM_HEAD_BYTES, STEP, type Step } from './syntax.ts'

export interface HeadReader<Head extends { readonly headers: HeaderBlock }> {
  /** Whether empty lines may precede a head, as for a request (RFC 9112 §2.2). */
  readonly mayBeginEmpty: boolean
  readonly head: Head
  readonly reason: string
  /** Reads the head at `start`. Returns the offset after it; -1 if it is malformed or incomplete. */
  read(bytes: Buffer, start: number): number
  /**
   * Whether a head can begin with these bytes. If not, the parser would wait for a line end that never arrives, for
   * example in a TLS handshake.
   */
  mayBegin(bytes: Buffer): boolean
}

/**
 * Reads the messages of one direction, however they are split into chunks. The parser stops after each head, piece of a
 * body, and message, so that the caller can act. It copies only split heads. After each head, the caller must pass the
 * framing of the body to `frame`. For a response, the framing depends on the request.
 */
export class MessageParser<Head extends { readonly headers: HeaderBlock }> {
  offset = 0
  /** The reason why the bytes are malformed. */
  reason = ''
  readonly #heads: HeadReader<Head>
  readonly #body: BodyReader = new BodyReader()
  readonly #carry: HeadCarry
  #state: 'head' | 'body' | 'malformed' = 'head'
  #headLength = 0
  /** The part of a split head in earlier chunks, in bytes. */
  #earlierBytes = 0

  constructor(heads: HeadReader<Head>) {
    this.#heads = heads
    this.#carry = new HeadCarry(heads)
  }

  get head(): Head {
    return this.#heads.head
  }

  /** After a `head` step: the length of the whole head, including its bytes in earlier chunks. */
  get headLength(): number {
    return this.#headLength
  }

  /** The start of the content after a `data` step. The content ends at `offset`. */
  get dataAt(): number {
    return this.#body.dataAt
  }

  /**
   * The bytes so far of a head that is split into chunks; empty if the head is not split. After the `head` step, these
   * are all bytes of the head. The next step may reuse their memory.
   */
  get carried(): Buffer {
    return this.#carry.bytes
  }

  /** After a `malformed` step: the part of the head in earlier chunks. */
  get earlier(): Buffer {
    return this.#carry.bytes.subarray(0, this.#earlierBytes)
  }

  /** Whether the chunks so far end within a head, or after empty lines before a head. */
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

  /** Gathers a split head, and checks it only when complete: the result must not depend on the split. */
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
    this.#carry.clear()
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
