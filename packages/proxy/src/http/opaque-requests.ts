import { METHODS } from 'node:http'
import type { Touches } from '@chaosproxy/recorder'
import { type HttpMapping, nameOfRequest } from '@chaosproxy/recorder/mapping'

/** A request that unreadable bytes may contain, and the objects that it may have changed. */
export interface PossibleRequest {
  /** `PUT /kv/x`. */
  readonly what: string
  readonly touches: Exclude<Touches, 'nothing'>
}

/**
 * Finds requests in bytes that are not valid HTTP/1.1 but that a more tolerant server might accept. Such a request is a
 * method and then a path, in upper or lower case, with any blanks between them. If the bytes begin like TLS or HTTP/2,
 * they may contain any request, because these protocols hide their requests.
 */
export class OpaqueRequests {
  readonly #mapping: HttpMapping
  /**
   * The last bytes read so far, unchanged. The signature of TLS or HTTP/2 may begin there and continue in the next
   * bytes.
   */
  #rawRest = ''
  /**
   * The last characters read so far, with each run of blanks replaced by one space. A request may begin there and
   * continue in the next bytes.
   */
  #rest = ''
  #found = 0
  #mayBeTls = false
  /**
   * Whether the bytes may have contained a request that can change any key. If so, later requests are not searched for,
   * because their marks would add nothing.
   */
  #isOver = false

  constructor(mapping: HttpMapping) {
    this.#mapping = mapping
  }

  /** Returns the possible requests in these bytes, except requests that change nothing. */
  read(bytes: Buffer): readonly PossibleRequest[] {
    if (this.#isOver) return []
    const latin1 = bytes.toString('latin1')
    const raw = this.#rawRest + latin1
    this.#rawRest = raw.slice(-LONGEST_MARK)
    if (HTTP2_PREFACE.test(raw)) return this.#anything('HTTP/2')
    this.#mayBeTls ||= TLS_HELLO.test(raw)
    if (this.#mayBeTls && raw.includes(EARLY_DATA)) return this.#anything('TLS')
    const text = (this.#rest + latin1).replace(BLANKS, ' ')
    this.#rest = UNFINISHED.exec(text)?.[0] ?? text.slice(text.lastIndexOf(' ') + 1).slice(-LONGEST_METHOD)
    if (this.#rest.length > LONGEST_TARGET) return this.#anything('a request with an endless path')
    return this.#requestsIn(text)
  }

  end(): readonly PossibleRequest[] {
    return this.read(Buffer.from('\n'))
  }

  /** Returns the requests that TLS may hide, if the server's first bytes show that it uses TLS. */
  answered(bytes: Buffer): readonly PossibleRequest[] {
    const isTls = this.#mayBeTls && bytes[0] === TLS_HANDSHAKE
    return isTls && !this.#isOver ? this.#anything('TLS') : []
  }

  #requestsIn(text: string): readonly PossibleRequest[] {
    const requests: PossibleRequest[] = []
    for (const [, method = '', target = ''] of text.matchAll(REQUEST)) {
      const head = { method: method.toUpperCase(), target, headers: NO_HEADERS }
      const touches = this.#mapping.match(head).touches(head)
      if (touches === 'nothing') continue
      if (++this.#found > MOST_REQUESTS) return [...requests, ...this.#anything('many requests')]
      requests.push({ what: nameOfRequest(head), touches })
      if (touches === 'everything') this.#isOver = true
    }
    return requests
  }

  #anything(what: string): readonly PossibleRequest[] {
    this.#isOver = true
    return [{ what, touches: 'everything' }]
  }
}

const NO_HEADERS = { get: () => undefined }

const METHOD = `(?:${METHODS.join('|')})`
const LONGEST_METHOD = Math.max(...METHODS.map(({ length }) => length))
/** The number of last bytes to keep. No signature of TLS or HTTP/2 is longer. */
const LONGEST_MARK = 16
const LONGEST_TARGET = 16 * 1024
/**
 * Maximum number of requests that are reported one by one, each by a mark in the history. If there are more, one mark
 * says that every key may have changed. Further marks would cost more than they are worth.
 */
const MOST_REQUESTS = 1_000

// biome-ignore lint/suspicious/noControlCharactersInRegex: servers take different ones for blanks
const BLANKS = /[\u0000-\u0020]+/g
/** A method and then a path or a URL. */
const REQUEST = new RegExp(`(${METHOD}) ((?:/|\\*|[a-z][a-z0-9+.-]{0,15}://)[^ ]*)(?= )`, 'gi')
const UNFINISHED = new RegExp(`${METHOD} [^ ]*$`, 'i')
const HTTP2_PREFACE = /PRI \* HTTP\/2/
/** A handshake record with a ClientHello (RFC 8446 §4, §5.1). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: bytes as Latin-1
const TLS_HELLO = /\u0016\u0003[\u0000-\u0004][\s\S]{2}\u0001/
const TLS_HANDSHAKE = 0x16
/** The extension with which a client sends requests before the server's first message (RFC 8446 §4.2.10). */
const EARLY_DATA = '\u0000\u002a\u0000\u0000'
