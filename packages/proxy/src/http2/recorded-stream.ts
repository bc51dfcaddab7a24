import type { Nanos } from '@chaosproxy/history'
import { keptOfAnswer, type Peer, type RoutedRequest } from '@chaosproxy/recorder/mapping'
import { isGrpc, type Method, onlyMessage } from '@chaosproxy/wire/grpc'
import { GRPC_UNKNOWN } from '@chaosproxy/wire/grpc-status'
import { type Answer, BodyCapture, type Captured, type MatchableHead } from '@chaosproxy/wire/http'
import type { HpackFields } from '@chaosproxy/wire/http2'
import type { HttpTurn } from '../http/turn.ts'

interface StreamParts {
  readonly routed: RoutedRequest
  readonly method: Method | undefined
  /** The client. */
  readonly peer: Peer
  /** The histories' clock. */
  readonly now: () => Nanos
}

/** One request and its response, read as their frames pass. */
export class RecordedStream {
  readonly number: number
  readonly turn: HttpTurn
  readonly head: MatchableHead
  readonly #routed: RoutedRequest
  readonly #method: Method | undefined
  readonly #peer: Peer
  readonly #now: () => Nanos
  readonly #isGrpc: boolean
  readonly #request: BodyCapture = new BodyCapture()
  readonly #reply: BodyCapture = new BodyCapture()
  #status: number | undefined
  #headers: HpackFields | undefined
  #trailers: HpackFields | undefined
  /** Whether a header block of the response could not be decoded. */
  isUnreadable = false
  /** The complete response. */
  answer: Answer | undefined
  /** Whether the response was passed on completely. */
  answerHasPassed = false

  constructor(number: number, head: MatchableHead, turn: HttpTurn, { routed, method, peer, now }: StreamParts) {
    this.number = number
    this.turn = turn
    this.head = head
    this.#routed = routed
    this.#method = method
    this.#peer = peer
    this.#now = now
    this.#isGrpc = isGrpc(head.headers.get('content-type'))
    this.#request.start(routed.bodyBytes)
    turn.method = head.method
    turn.target = head.target
    turn.head = head
    turn.routed = routed
  }

  requestData(bytes: Buffer): void {
    this.#request.add(bytes, 0, bytes.length)
  }

  answerData(bytes: Buffer): void {
    this.#reply.add(bytes, 0, bytes.length)
  }

  /** Copies captured bytes out of memory that is about to be reused. */
  releaseMemory(): void {
    this.#request.release()
    this.#reply.release()
  }

  requestEnded(): void {
    this.turn.requestEnded(this.head, this.#requestBody(), this.#peer, this.#now())
  }

  /** Handles a request whose rest will not arrive. The server may act on the part that it has. */
  requestCut(): void {
    if (this.turn.isWhole) return
    if (this.#routed.bodyBytes === 0) this.turn.requestEnded(this.head, undefined, this.#peer, this.#now())
    else if (this.#isGrpc) {
      // A server may respond to a gRPC call once it has received the message, before the stream ends.
      const body = this.#requestBody()
      if (body !== undefined) this.turn.requestEnded(this.head, body, this.#peer, this.#now())
    }
  }

  /** Takes the response's headers or trailers; undefined for a block that could not be decoded. */
  answerFields(fields: HpackFields | undefined): void {
    if (fields === undefined) {
      this.isUnreadable = true
      return
    }
    if (this.#status !== undefined) {
      this.#trailers = fields
      return
    }
    const status = Number(fields.get(':status'))
    if (status >= 100 && status < 200) return
    this.#status = status
    this.#headers = fields
    this.#reply.start(keptOfAnswer(this.#routed, fields))
  }

  answerEnded(): Answer {
    const body = this.#reply.end()
    const headers = this.#headers
    this.answer = this.#isGrpc
      ? {
          status: this.#status ?? 0,
          grpcStatus: this.#grpcStatus,
          headers,
          body: onlyMessage(body, headers?.get('grpc-encoding'), this.#method?.output),
        }
      : { status: this.#status ?? 0, headers, body }
    return this.answer
  }

  /** The gRPC status. Without one, the HTTP status tells why the call failed. */
  get #grpcStatus(): number | undefined {
    const text = this.#trailers?.get('grpc-status') ?? this.#headers?.get('grpc-status')
    if (text !== undefined) return /^\d{1,3}$/.test(text) ? Number(text) : GRPC_UNKNOWN
    return this.#status === 200 ? GRPC_UNKNOWN : undefined
  }

  #requestBody(): Captured | undefined {
    const body = this.#request.end()
    return this.#isGrpc ? onlyMessage(body, this.head.headers.get('grpc-encoding'), this.#method?.input) : body
  }
}
