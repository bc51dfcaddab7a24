import type { Conversation, Intercept, Interceptor, Stage } from '../interceptor.ts'
import { FRAME, HEADER_BYTES, PREFACE, streamOf, typeOf } from './frames.ts'

/** Of a server that speaks first; it has to wait for its client's preface long before. */
const MOST_HELD_BYTES = 256 * 1024

/**
 * Reads connections that begin with HTTP/2's preface as HTTP/2, and all others as HTTP/1: clients that know what their
 * server speaks do not ask (RFC 9113 §3.3), and after ALPN nobody does.
 */
export function byPreface(versions: { readonly http1: Intercept; readonly http2: Intercept }): Intercept {
  return (conversation) => new PrefaceReader(conversation, versions)
}

class PrefaceReader implements Interceptor {
  readonly requests: Stage
  readonly responses: Stage
  readonly #conversation: Conversation
  readonly #versions: { readonly http1: Intercept; readonly http2: Intercept }
  #chosen: Interceptor | undefined
  /** The beginning of a preface, and what the server said meanwhile. */
  #begun: Buffer = Buffer.alloc(0)
  #held: Buffer[] = []
  #heldBytes = 0

  constructor(conversation: Conversation, versions: { readonly http1: Intercept; readonly http2: Intercept }) {
    this.#conversation = conversation
    this.#versions = versions
    this.requests = {
      receive: (bytes) => this.#chosen?.requests.receive(bytes) ?? this.#requestBytes(bytes),
      end: () => this.#settled().requests.end(),
      reset: () => this.#settled().requests.reset(),
      delivered: (totalBytes) => this.#chosen?.requests.delivered(totalBytes),
    }
    this.responses = {
      receive: (bytes) => this.#chosen?.responses.receive(bytes) ?? this.#responseBytes(bytes),
      end: () => this.#settled().responses.end(),
      reset: () => this.#settled().responses.reset(),
      delivered: (totalBytes) => this.#chosen?.responses.delivered(totalBytes),
    }
    // As without an interceptor: a client learns at once whether there is a server.
    conversation.dial()
  }

  closed(): void {
    this.#chosen?.closed()
  }

  #requestBytes(bytes: Buffer): boolean {
    const wanted = PREFACE.subarray(this.#begun.length, this.#begun.length + bytes.length)
    const agrees = bytes.subarray(0, wanted.length).equals(wanted)
    if (agrees && wanted.length === bytes.length && this.#begun.length + bytes.length < PREFACE.length) {
      this.#begun = Buffer.concat([this.#begun, bytes])
      return true
    }
    const before = this.#begun
    this.#begun = Buffer.alloc(0)
    const chosen = this.#choose(agrees ? 'http2' : 'http1')
    if (before.length > 0) chosen.requests.receive(before)
    const free = chosen.requests.receive(bytes)
    this.#release(chosen)
    return free
  }

  /** A server of HTTP/2 may say its settings before it is asked anything; anything else is said in HTTP/1. */
  #responseBytes(bytes: Buffer): boolean {
    this.#held.push(Buffer.from(bytes))
    this.#heldBytes += bytes.length
    const whole = Buffer.concat(this.#held)
    const maySettle = whole.length < HEADER_BYTES || (typeOf(whole) === FRAME.settings && streamOf(whole) === 0)
    if (!maySettle || this.#heldBytes > MOST_HELD_BYTES) this.#settled()
    return true
  }

  /** What has not turned out to be HTTP/2 by now is read as HTTP/1. */
  #settled(): Interceptor {
    if (this.#chosen !== undefined) return this.#chosen
    const before = this.#begun
    this.#begun = Buffer.alloc(0)
    const chosen = this.#choose('http1')
    if (before.length > 0) chosen.requests.receive(before)
    this.#release(chosen)
    return chosen
  }

  #choose(version: 'http1' | 'http2'): Interceptor {
    const chosen = this.#versions[version](this.#conversation)
    this.#chosen = chosen
    return chosen
  }

  #release(chosen: Interceptor): void {
    for (const held of this.#held.splice(0)) chosen.responses.receive(held)
  }
}
