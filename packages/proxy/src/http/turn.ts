import type { Nanos } from '@chaosproxy/history'
import type { Completions, ConnectionRecorder, Exchange } from '@chaosproxy/recorder'
import { nameOfRequest, type Peer, type RoutedRequest, type Understood } from '@chaosproxy/recorder/mapping'
import type { Answer, Captured, MatchableHead } from '@chaosproxy/wire/http'
import type { Candidate } from './http-rule.ts'
import type { Reply } from './reply.ts'

/** The texts with which a history explains a missing response. */
export const LOST = {
  connection: 'the connection ended before the answer was complete',
  unparsed: 'unparsable: the answer is not valid HTTP',
  request: 'the request was lost',
  reply: 'the answer was lost',
} as const

/** A request of a connection, and its future response. */
export class HttpTurn {
  /**
   * The recording of the request. It begins once the request is complete, or earlier to keep its place in the history.
   */
  exchange: Exchange | undefined
  method = ''
  sentAtMs = 0
  target = ''
  /** The request's head; undefined until it is complete. */
  head: MatchableHead | undefined
  /** Whether the request asks for another protocol, which the response may accept. */
  switches = false
  routed: RoutedRequest | undefined
  /** Whether `replyRules` were reduced to the faults that match the request's body. */
  isSearched = false
  replyRules: readonly Candidate[] = []
  madeUp: Reply | undefined
  /**
   * What happens to a client that gets no response: its connection is reset, or it waits forever. Undefined if it gets
   * a response.
   */
  silenced: 'reset' | 'hang' | undefined
  isHttp10 = false
  wantsClose = false
  /** Whether the client may withhold the body until it has a response to the head. */
  awaitsContinue = false
  /** Whether the proxy must tell the client to send the body. */
  owesContinue = false
  /** Whether the server is killed once it has the request. */
  crashes = false
  /** Whether this request is a duplicate sent by the proxy, whose response is not for the client. */
  isDuplicate = false
  /** Whether the response is the last of the connection. */
  endsConnection = false
  #requestEnded = false
  /** Steps that came before the end of the request, such as an early refusal, to be recorded at its end. */
  #early: ((exchange: Exchange, time: Nanos) => void)[] | undefined
  /** The status of a response that refused the request before it had arrived completely. */
  #refusedWith: number | undefined
  #understood: Understood | undefined
  #completed: { readonly answer: Answer; readonly completions: Completions } | undefined

  readonly #recording: ConnectionRecorder | undefined
  readonly #begunAt: Nanos
  #forwardedAt: Nanos | undefined

  constructor(recording: ConnectionRecorder | undefined, begunAt: Nanos) {
    this.#recording = recording
    this.#begunAt = begunAt
  }

  get name(): string {
    return `${this.method} ${this.target}`
  }

  /** Keeps the request's place in the history, since other events may be recorded before it ends. */
  keepPlace(): void {
    if (this.exchange !== undefined || this.#recording === undefined) return
    this.exchange = this.#recording.begin(this.#begunAt)
    if (this.#forwardedAt !== undefined) this.exchange.forwarded(this.#forwardedAt)
  }

  /** Reports that the first byte is about to be sent to the server. */
  forwarded(time: Nanos): void {
    this.#forwardedAt ??= time
    this.exchange?.forwarded(time)
  }

  requestEnded(head: MatchableHead, body: Captured | undefined, peer: Peer, time: Nanos): void {
    this.#requestEnded = true
    if (this.exchange === undefined && this.#recording !== undefined) {
      this.exchange = this.#recording.beginWhole(this.#begunAt)
      if (this.#forwardedAt !== undefined) this.exchange.forwarded(this.#forwardedAt)
    }
    if (this.exchange !== undefined && this.routed !== undefined) {
      this.#understood = this.routed.understand(head, body, peer)
      this.exchange.called(this.#understood.understanding)
    }
    if (this.#early === undefined) return
    if (this.exchange !== undefined) for (const record of this.#early) record(this.exchange, time)
    this.#early = undefined
  }

  /** Returns a duplicate to be sent by the proxy, unknown to the client. */
  duplicate(time: Nanos): HttpTurn {
    const copy = new HttpTurn(undefined, time)
    if (this.exchange !== undefined) copy.exchange = this.#recording?.duplicate(this.exchange, time)
    copy.exchange?.forwarded(time)
    copy.method = this.method
    copy.routed = this.routed
    copy.isDuplicate = true
    copy.#understood = this.#understood
    copy.#requestEnded = true
    return copy
  }

  /** Whether the request has arrived completely, so that its response can be interpreted. */
  get isWhole(): boolean {
    return this.#requestEnded
  }

  /** Records that the server's response has arrived completely. */
  answered(time: Nanos, answer: Answer): void {
    if (!this.#requestEnded && isRefusal(answer.status)) this.#refusedWith = answer.status
    if (this.#requestEnded) this.exchange?.answered(time, this.#complete(answer))
    else this.#later((exchange, at) => exchange.answered(at, this.#complete(answer)))
  }

  /** Records that the client has received a whole response. */
  delivered(time: Nanos, answer: Answer): void {
    if (this.#requestEnded) this.exchange?.delivered(time, this.#complete(answer))
    else this.#later((exchange, at) => exchange.delivered(at, this.#complete(answer)))
  }

  lostForClient(time: Nanos, reason: string): void {
    if (this.#requestEnded) this.exchange?.lostForClient(time, reason)
    else this.#later((exchange, at) => exchange.lostForClient(at, reason))
  }

  /** Records that the connection ended. */
  ended(time: Nanos, reason: string): void {
    if (!this.#requestEnded) this.#cut()
    this.exchange?.ended(time, reason)
  }

  /** Records that the connection's reader has failed. */
  abandoned(time: Nanos): void {
    this.exchange?.ended(time, LOST.unparsed)
  }

  /** Records the server's declaration that it did not process the request. */
  refused(time: Nanos, reason: string): void {
    if (this.#requestEnded) {
      this.exchange?.answered(time, { type: 'fail', error: reason })
      this.exchange?.delivered(time, { type: 'fail', error: reason })
    }
    this.exchange?.ended(time, reason)
  }

  /** Records that the client gets the response although the proxy cannot parse it. */
  unreadable(time: Nanos): void {
    const completion = { type: 'not-understood', error: LOST.unparsed } as const
    if (this.#requestEnded) this.exchange?.delivered(time, completion)
    this.ended(time, LOST.unparsed)
  }

  /** Records that the server may have acted on the part of the request that it got. */
  #cut(): void {
    const { head, routed } = this
    if (head === undefined || routed === undefined || this.#forwardedAt === undefined) return
    const touches = routed.touches(head)
    if (touches === 'nothing') return
    const refused = this.#refusedWith
    const why =
      refused === undefined
        ? 'the request never arrived in full'
        : `refused with ${refused} before it had arrived in full`
    this.exchange?.called({
      ...{ kind: 'not-understood', what: nameOfRequest(head), why },
      touches: refused === undefined ? touches : 'nothing',
    })
  }

  /** Postpones a step to the end of the request, because the operation cannot end before the request ends. */
  #later(record: (exchange: Exchange, time: Nanos) => void): void {
    this.#early ??= []
    this.#early.push(record)
  }

  /**
   * Interprets an answer at the first call, and returns the same result at later calls. The answer's bytes are valid
   * only at the first call.
   */
  #complete(answer: Answer): Completions {
    if (answer === this.#completed?.answer) return this.#completed.completions
    const completions = this.#understood?.complete(answer) ?? NOT_RECORDED
    this.#completed = { answer, completions }
    return completions
  }
}

/**
 * Whether the status proves that the server did not execute the request. 400, 408 and 499 may only mean that the
 * request was cut off. 409 and 425 may follow an execution.
 */
const isRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && ![400, 408, 409, 425, 499].includes(status)

const NOT_RECORDED: Completions = { type: 'info', error: 'not recorded' }
