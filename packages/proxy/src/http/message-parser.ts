import type { BodyKind } from './body-reader.ts'
import { BodyReader } from './body-reader.ts'
import { HeadCarry } from './head-carry.ts'
import type { HeaderBlock } from './header-block.ts'
import type { Step } from './syntax.ts'
import { MAXIMUM_HEAD_BYTES, STEP } from './syntax.ts'

/** Reads one head: a request's or a response's. */
export interface HeadReader<Head extends { readonly headers: HeaderBlock }> {
  /** A request may have empty lines before it (RFC 9112 §2.2). */
  readonly mayBeginEmpty: boolean
  /** What was read last, after `read` gave an offset. */
  readonly head: Head
  /** Why `read` gave -1. */
  readonly reason: string
  /** The offset after the head that begins at `start`; -1 where it is malformed, or does not end within `bytes`. */
  read(bytes: Buffer, start: number): number
  /**
   * Whether a head may begin so: what cannot be one, a TLS handshake say, must not wait for a line's end that never
   * comes.
   */
  mayBegin(bytes: Buffer): boolean
}

/**
 * Reads the messages of one direction of a connection, however they are cut. It stops after each head, after each
 * piece of a body that a chunk holds, and after each message, so that its caller can act there; nothing is called
 * back, and no byte is copied but those of a head that a chunk boundary cuts.
 *
 * After each head its caller says by `frame` how the body is delimited, since for a response that depends on the
 * request.
 */
export class MessageParser<Head extends { readonly headers: HeaderBlock }> {
  /** After `read`: where in the bytes it stopped. */
  offset = 0
  /** Why they are malformed. */
  reason = ''
  readonly #heads: HeadReader<Head>
  readonly #body: BodyReader = new BodyReader()
  readonly #carry: HeadCarry
  #state: 'head' | 'body' | 'malformed' = 'head'
  #headLength = 0

  constructor(heads: HeadReader<Head>) {
    this.#heads = heads
    this.#carry = new HeadCarry(heads)
  }

  /** After a `head` step: the head. */
  get head(): Head {
    return this.#heads.head
  }

  /** After a `head` step: its length, of which the part that is not `carried` ends at `offset`. */
  get headLength(): number {
    return this.#headLength
  }

  /** After a `data` step: where the piece of content begins; it ends at `offset`. */
  get dataAt(): number {
    return this.#body.dataAt
  }

  /**
   * The bytes of a head that a chunk boundary cuts: of all of it after its `head` step, until the next one. In memory
   * that is used again.
   */
  get carried(): Buffer {
    return this.#carry.bytes
  }

  /** In the middle of a head, or of empty lines before one. */
  get isCut(): boolean {
    return this.#state === 'head' && this.#carry.length > 0
  }

  get betweenMessages(): boolean {
    return this.#state === 'head' && this.#carry.isBlank
  }

  /** The message that it is in the middle of ends where the connection does. */
  get endsWithConnection(): boolean {
    return this.#state === 'body' && this.#body.endsWithConnection
  }

  /** Reads on from `from`. */
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

  /** Whether a head is malformed shows once all of it is there, so that it does not depend on the cuts. */
  #readCutHead(bytes: Buffer, from: number): Step {
    const carry = this.#carry
    const end = carry.gather(bytes, from)
    if (end === undefined) {
      if (this.#heads.mayBegin(carry.bytes)) return this.#stop(STEP.more, bytes.length)
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
