import { FRAME, HEADER_BYTES, PREFACE, streamOf, typeOf } from '@chaosproxy/wire/http2'
import type { Conversation, Intercept, Interceptor, Stage } from '../interceptor/interceptor.ts'

/**
 * The server may send before the client's preface arrives. At most this many of the server's bytes are held until then.
 */
const MOST_HELD_BYTES = 256 * 1024

/**
 * Reads connections that start with HTTP/2's preface as HTTP/2, and all others as HTTP/1. Only the preface shows the
 * version: clients with prior knowledge (RFC 9113 §3.3) do not announce HTTP/2, and interceptors do not see ALPN.
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
  /** The client's bytes so far, which may begin a preface. `#held`: the server's bytes so far. */
  #begun: Buffer = Buffer.alloc(0)
  #held: Buffer[] = []
  #heldBytes = 0

  constructor(conversation: Conversation, versions: { readonly http1: Intercept; readonly http2: Intercept }) {
    this.#conversation = conversation
    this.#versions = versions
    this.requests = this.#stage('requests', (bytes) => this.#requestBytes(bytes))
    this.responses = this.#stage('responses', (bytes) => this.#responseBytes(bytes))
    // Dials immediately, so that the client learns whether the server is up.
    conversation.dial()
  }

  /**
   * Passes the bytes of one direction to the chosen version of HTTP. Until a version is chosen, `first` receives the
   * bytes.
   */
  #stage(direction: 'requests' | 'responses', first: (bytes: Buffer) => boolean): Stage {
    return {
      receive: (bytes) => this.#chosen?.[direction].receive(bytes) ?? first(bytes),
      end: () => this.#settled()[direction].end(),
      reset: () => this.#settled()[direction].reset(),
      delivered: (totalBytes) => this.#chosen?.[direction].delivered(totalBytes),
      altered: () => this.#chosen?.[direction].altered?.(),
    }
  }

  get isIdle(): boolean {
    return this.#chosen === undefined ? this.#begun.length === 0 : this.#chosen.isIdle === true
  }

  closed(): void {
    this.#chosen?.closed()
  }

  failed(error: unknown): void {
    this.#chosen?.failed?.(error)
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

  /** Holds the server's first bytes. An HTTP/2 server may send SETTINGS first; any other first bytes mean HTTP/1. */
  #responseBytes(bytes: Buffer): boolean {
    this.#held.push(Buffer.from(bytes))
    this.#heldBytes += bytes.length
    const whole = Buffer.concat(this.#held)
    const maySettle = whole.length < HEADER_BYTES || (typeOf(whole) === FRAME.settings && streamOf(whole) === 0)
    if (!maySettle || this.#heldBytes > MOST_HELD_BYTES) this.#settled()
    return true
  }

  /** Returns the interceptor of the chosen version. If no version is chosen yet, chooses HTTP/1. */
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
