import type { Nanos } from '@chaosproxy/history'
import type { Completions, ConnectionRecorder, Exchange } from '@chaosproxy/recorder'
import { nameOfRequest, type Peer, type RoutedRequest, type Understood } from '@chaosproxy/recorder/mapping'
import type { Answer, Captured, MatchableHead } from '@chaosproxy/wire/http'
import type { Candidate } from './http-rule.ts'
import type { Reply } from './reply.ts'

/** Why a response is missing, in histories' words. */
export const LOST = {
  connection: 'the connection ended before the answer was complete',
  unparsed: 'unparsable: the bytes are not HTTP/1.1',
  request: 'the request was lost',
  reply: 'the answer was lost',
} as const

/** A request of a connection, and its future response. */
export class HttpTurn {
  /** The recording, which begins with the complete request, or earlier to keep its place in the history. */
  exchange: Exchange | undefined
  method = ''
  askedAtMs = 0
  target = ''
  /** Undefined until it is complete. */
  head: MatchableHead | undefined
  /** Whether the request asks for another protocol. */
  switches = false
  routed: RoutedRequest | undefined
  /** Whether `replyRules` match the request's body. */
  isSearched = false
  replyRules: readonly Candidate[] = []
  madeUp: Reply | undefined
  /** How the client is left without a response, if it is. */
  silenced: 'reset' | 'hang' | undefined
  isHttp10 = false
  wantsClose = false
  /** Whether the client may wait for a response before it sends the body. */
  awaitsContinue = false
  /** Whether the proxy must ask for the body. */
  owesContinue = false
  /** Whether the server is killed once it has the request. */
  crashes = false
  /** Whether the proxy duplicated the request, and drops the response. */
  isDuplicate = false
  /** Whether the response is the last of the connection. */
  endsConnection = false
  #requestEnded = false
  /** Steps from before the request's end, to be recorded then, such as an early refusal. */
  #early: ((exchange: Exchange, time: Nanos) => void)[] | undefined
  /** The status of an early refusal. */
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

  /** Keeps the request's place in the history: other events may be recorded before its end. */
  keepPlace(): void {
    if (this.exchange !== undefined || this.#recording === undefined) return
    this.exchange = this.#recording.begin(this.#begunAt)
    if (this.#forwardedAt !== undefined) this.exchange.forwarded(this.#forwardedAt)
  }

  /** Reports that the first byte is about to be sent. */
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

  /** Returns the proxy's duplicate. */
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

  /** Whether the request is complete, so that its response can be interpreted. */
  get isWhole(): boolean {
    return this.#requestEnded
  }

  /** Records that the server's response is complete. */
  answered(time: Nanos, answer: Answer): void {
    if (!this.#requestEnded && isRefusal(answer.status)) this.#refusedWith = answer.status
    if (this.#requestEnded) this.exchange?.answered(time, this.#complete(answer))
    else this.#later((exchange, at) => exchange.answered(at, this.#complete(answer)))
  }

  /** Records that the client has the whole response. */
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

  /** Records that the server declared the request unprocessed. */
  refused(time: Nanos, reason: string): void {
    if (this.#requestEnded) {
      this.exchange?.answered(time, { type: 'fail', error: reason })
      this.exchange?.delivered(time, { type: 'fail', error: reason })
    }
    this.exchange?.ended(time, reason)
  }

  /** Records that the client gets an unreadable response. */
  unreadable(time: Nanos): void {
    const completion = { type: 'not-understood', error: LOST.unparsed } as const
    if (this.#requestEnded) this.exchange?.delivered(time, completion)
    this.ended(time, LOST.unparsed)
  }

  /** Records that the server may have acted on a part of the request. */
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

  /** Postpones a step to the request's end, before which the operation cannot end. */
  #later(record: (exchange: Exchange, time: Nanos) => void): void {
    this.#early ??= []
    this.#early.push(record)
  }

  /** Interprets a response once, while its memory is valid. It may be delivered later. */
  #complete(answer: Answer): Completions {
    if (answer === this.#completed?.answer) return this.#completed.completions
    const completions = this.#understood?.complete(answer) ?? NOT_RECORDED
    this.#completed = { answer, completions }
    return completions
  }
}

/**
 * Whether the server refused the request. After 400, 408 and 499 it was cut off; after 409 and 425 it may have been
 * carried out.
 */
const isRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && ![400, 408, 409, 425, 499].includes(status)

const NOT_RECORDED: Completions = { type: 'info', error: 'not recorded' }
