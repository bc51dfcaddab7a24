import type { Nanos } from '@chaosproxy/history'
import { type ConnectionRecorder, unreadable } from '@chaosproxy/recorder'
import { type HttpMapping, type Peer, peerOf } from '@chaosproxy/recorder/mapping'
import type { MatchableHead } from '@chaosproxy/wire/http'
import { clockWithin } from '../interceptor/boundary.ts'
import type { Conversation, Interceptor } from '../interceptor/interceptor.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { Seat } from '../link/rule.ts'
import type { HttpLink } from './http-link.ts'
import { type Candidate, candidateFor, type HttpRule } from './http-rule.ts'
import { makeUpReply } from './reply.ts'
import { ReplySide } from './reply-side.ts'
import { RequestSide } from './request-side.ts'
import type { Candidates, SharedConnection } from './shared-connection.ts'
import { HttpTurn, LOST } from './turn.ts'

/** How long the connection of a refused client may stay open before it is cut off. */
const LINGER_MS = 5_000

/** Maximum number of unanswered requests on one connection. A client that sends more requests has to wait. */
const MOST_UNANSWERED = 10_000

/** A queue of lines for the file of a history. It is congested while the disk is too slow. */
export interface RecordQueue {
  readonly congested: boolean
  whenRelieved(callback: () => void): void
}

export interface HttpConnectionOptions
  extends Pick<SharedConnection, 'conversation' | 'link' | 'clock' | 'memos' | 'host' | 'mapping' | 'recording'> {
  readonly now: () => Nanos
  readonly queues: readonly RecordQueue[]
  /** Kills the server; undefined if that is impossible. The connection is reset in any case. */
  readonly crashServer: (() => void) | undefined
}

const NO_CANDIDATES: Candidates = { requests: [], replies: [] }

/** One connection's requests and responses, in order. */
export class HttpConnection implements Interceptor, SharedConnection {
  readonly conversation: Conversation
  readonly link: HttpLink
  readonly clock: ProxyClock
  readonly memos: HttpConnectionOptions['memos']
  readonly host: string | undefined
  readonly mapping: HttpMapping | undefined
  readonly recording: ConnectionRecorder | undefined
  readonly seat: Seat
  /** The client. */
  readonly peer: Peer
  readonly requests: RequestSide
  readonly responses: ReplySide
  /** Requests without a complete response, in the order in which the client gets the responses. */
  readonly order: HttpTurn[] = []
  /** Requests sent to the server, in the order in which the server responds. */
  readonly unanswered: HttpTurn[] = []
  isMuted = false
  readonly #options: HttpConnectionOptions
  #requestsAreOpaque = false
  #chunkTime: Nanos | undefined
  /**
   * The number of chunks being read. It can exceed 1: reading a chunk may release a held chunk, which is then read at
   * once.
   */
  #openChunks = 0
  #cancelLinger: (() => void) | undefined

  constructor(options: HttpConnectionOptions) {
    this.#options = options
    this.conversation = options.conversation
    this.link = options.link
    this.clock = clockWithin(options.conversation, options.clock)
    this.memos = options.memos
    this.host = options.host
    this.mapping = options.mapping
    this.recording = options.recording
    this.seat = options.link.join(this)
    this.peer = peerOf(options.conversation)
    this.responses = new ReplySide(this)
    this.requests = new RequestSide(this)
    // Dials immediately, so that the client learns whether the server is up.
    options.conversation.dial()
  }

  get endsServers(): boolean {
    return this.#options.crashServer !== undefined
  }

  /** Returns the time for histories: the arrival of the chunk that is being read, or else the current time. */
  now(): Nanos {
    return this.#chunkTime ?? this.#options.now()
  }

  beginChunk(): Nanos {
    this.#openChunks++
    this.#chunkTime ??= this.#options.now()
    return this.#chunkTime
  }

  endChunk(): void {
    this.#openChunks--
    if (this.#openChunks === 0) this.#chunkTime = undefined
  }

  nowMs(): number {
    return this.clock.nowMs()
  }

  candidatesFor(head: MatchableHead): Candidates {
    const { rules } = this.link
    if (rules.length === 0) return NO_CANDIDATES
    const known = { head, client: this.conversation.client.host }
    let requests: Candidate[] | undefined
    let replies: Candidate[] | undefined
    for (const rule of rules) {
      const candidate = candidateFor(rule, known, this.seat, this.nowMs())
      if (candidate === undefined) continue
      if (rule.actsOnReplies) replies = [...(replies ?? []), candidate]
      else requests = [...(requests ?? []), candidate]
    }
    if (requests === undefined && replies === undefined) return NO_CANDIDATES
    return { requests: requests ?? NO_CANDIDATES.requests, replies: replies ?? NO_CANDIDATES.replies }
  }

  get isIdle(): boolean {
    return this.order.length === 0 && this.unanswered.length === 0 && this.requests.isBetweenRequests
  }

  /** True if the proxy fabricates or withholds the next response. */
  get nextIsOurs(): boolean {
    return this.order.length > 0 && isOurs(this.order[0])
  }

  /** Called when the client has this response, and also when it becomes certain that the client never gets it. */
  answered(turn: HttpTurn): void {
    if (this.order[0] === turn) this.order.shift()
    this.governAsking()
    if (turn.endsConnection) this.close()
    if (turn.silenced !== undefined) this.#silence(turn.silenced)
    if (this.nextIsOurs) this.answerInTurn()
    this.#continueInTurn()
    if (this.#requestsAreOpaque && this.unanswered.length === 0) this.responses.goOpaque()
  }

  sayContinue(turn: HttpTurn): void {
    turn.owesContinue = true
    this.#continueInTurn()
  }

  #continueInTurn(): void {
    const [turn] = this.order
    if (turn?.owesContinue !== true || this.isMuted) return
    turn.owesContinue = false
    this.responses.outbox.pass(Buffer.from(CONTINUE))
  }

  answerInTurn(): void {
    while (!this.isMuted) {
      const turn = this.order[0]
      if (turn === undefined || !isOurs(turn)) break
      this.order.shift()
      const { madeUp } = turn
      if (madeUp === undefined) this.#silence(turn.silenced ?? 'reset')
      else {
        this.responses.outbox.pass(madeUp.raw)
        this.responses.outbox.answerEnds(turn, madeUp)
        if (turn.endsConnection) this.close()
      }
    }
    this.governAsking()
    if (this.conversation.responses.congested) this.requests.gate.setStopped('answers', true)
  }

  answersDelivered(): void {
    if (!this.conversation.responses.congested) this.requests.gate.setStopped('answers', false)
  }

  governAsking(): void {
    this.requests.gate.setStopped('unanswered', this.order.length >= MOST_UNANSWERED)
  }

  holdUpIfBehind(): void {
    for (const queue of this.#options.queues) {
      if (!queue.congested) continue
      const { gate } = this.requests
      gate.setStopped('record', true)
      queue.whenRelieved(() => gate.setStopped('record', false))
    }
  }

  crash(): void {
    this.#endAll(this.now(), LOST.connection)
    this.#options.crashServer?.()
    this.conversation.abort()
  }

  /** Refuses a malformed request: with a response, or by a reset if the error is in the middle of a message. */
  refuse(reason: string, { inMessage }: { readonly inMessage: boolean }): void {
    this.link.counters.refused++
    if (inMessage) {
      this.conversation.abort()
      return
    }
    const turn = new HttpTurn(undefined, this.now())
    turn.madeUp = makeUpReply(400, `bad request: ${reason}\n`, { close: true, method: '' })
    turn.endsConnection = true
    this.order.push(turn)
    this.answerInTurn()
  }

  /** Stops parsing requests; responses to earlier requests are still parsed. */
  requestsMalformed(): void {
    this.link.counters.malformed++
    this.recording?.opaque(NO_HTTP, 'nothing')
    this.recording?.mayHaveRequested(NO_HTTP, 'nothing')
    this.#requestsAreOpaque = true
    if (this.unanswered.length === 0) this.responses.goOpaque()
  }

  repliesMalformed(): void {
    this.link.counters.malformed++
    this.recording?.opaque(NO_HTTP, 'everything')
    for (const turn of this.unanswered) turn.unreadable(this.now())
    this.#endAll(this.now(), LOST.unparsed)
    this.requests.goOpaque()
  }

  /** Reports that no more responses will arrive. */
  serverGone(time: Nanos): void {
    this.#endAll(time, LOST.connection)
  }

  ruleRemoved(rule: HttpRule): void {
    this.conversation.guard(() => {
      this.requests.ruleRemoved(rule)
      this.responses.ruleRemoved(rule)
    })
  }

  closed(): void {
    const time = this.now()
    const reason = this.#requestsAreOpaque ? LOST.unparsed : LOST.connection
    this.#cancelLinger?.()
    this.requests.closed(time, reason)
    this.responses.closed(time, reason)
    this.#endAll(time, reason)
    this.link.leave(this)
  }

  failed(error: unknown): void {
    this.#chunkTime = undefined
    this.recording?.opaque(unreadable('HTTP/1.1', error), 'everything')
    const time = this.now()
    for (const turn of [...this.unanswered.splice(0), ...this.order.splice(0)]) turn.abandoned(time)
  }

  #endAll(time: Nanos, reason: string): void {
    for (const turn of this.unanswered.splice(0)) turn.ended(time, reason)
    for (const turn of this.order.splice(0)) turn.ended(time, reason)
    this.governAsking()
  }

  #silence(silence: 'reset' | 'hang'): void {
    // A client that has ended its direction may be gone. The proxy notices that only if it sends something.
    if (silence === 'reset' || this.requests.hasEnded) this.conversation.abort()
    else this.isMuted = true
  }

  closeAfter(turn: HttpTurn): void {
    turn.endsConnection = true
    if (!this.order.includes(turn)) this.close()
  }

  /** Ends both directions without a reset. What is left after `LINGER_MS` is cut off. */
  close(): void {
    if (this.#cancelLinger !== undefined) return
    this.conversation.responses.end()
    this.conversation.requests.end()
    this.#cancelLinger = this.clock.after(LINGER_MS, () => this.conversation.abort())
  }
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

const NO_HTTP = 'bytes that are not HTTP/1.1'

const isOurs = (turn: HttpTurn | undefined): boolean => turn?.madeUp !== undefined || turn?.silenced !== undefined
