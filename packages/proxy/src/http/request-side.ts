import type { Nanos } from '@chaosproxy/history'
import type { BodyKind, RequestHead } from '@chaosproxy/wire/http'
import {
  BodyCapture,
  bodyOfRequest,
  expectsContinue,
  MessageParser,
  RequestHeadReader,
  readLaxly,
  wantsClose,
} from '@chaosproxy/wire/http'
import type { Exit, Stage } from '../interceptor/interceptor.ts'
import { BodyPrefix } from './body-prefix.ts'
import { type ChunkParts, type ChunkSteps, readChunk } from './chunk-reader.ts'
import { CutHead } from './cut-head.ts'
import { Gate } from './gate.ts'
import { type Candidate, candidateFor, type HttpRule } from './http-rule.ts'
import { MessageIntake } from './message-intake.ts'
import { OpaqueRequests, type PossibleRequest } from './opaque-requests.ts'
import { Pause } from './pause.ts'
import { editRequest, withHost } from './reply.ts'
import { planRequest, type RequestPlan } from './request-fate.ts'
import { RequestSender } from './request-sender.ts'
import type { SharedConnection } from './shared-connection.ts'
import { HttpTurn, LOST } from './turn.ts'

const NO_RULES: readonly never[] = []

const CUT_OFF = 'the request was cut off'

/**
 * The progress of the faults on a request. `unharmed`: no fault hits it. `searched`: its body is searched first.
 * `sent`: it is sent as it arrives. `stopped`: it never reaches the server.
 */
type Progress = 'unharmed' | 'searched' | 'sent' | 'stopped'

/**
 * Reads the requests of a connection, and passes them on as the faults allow. Queues an `HttpTurn` for each request, to
 * match it with its response.
 */
export class RequestSide implements Stage {
  readonly gate: Gate
  readonly #connection: SharedConnection
  readonly #exit: Exit
  readonly #parser: MessageParser<RequestHead>
  readonly #intake: MessageIntake
  readonly #capture: BodyCapture = new BodyCapture()
  readonly #pause: Pause
  #passedBytes = 0
  #deliveredBytes = 0
  #turn: HttpTurn | undefined
  #rules: readonly Candidate[] = NO_RULES
  #progress: Progress = 'unharmed'
  /** The head of the current request. Valid only while `#progress` is `searched` or `sent`. */
  #rawHead: Buffer = Buffer.alloc(0)
  #copying: readonly HttpRule[] = NO_RULES
  readonly #prefix: BodyPrefix = new BodyPrefix()
  #isSearched = false
  /** Whether the response to an upgrade request is still awaited. */
  #awaitsSwitch = false
  readonly #cut: CutHead = new CutHead()
  readonly #sender: RequestSender
  readonly #parts: ChunkParts<RequestHead>
  readonly #steps: ChunkSteps = {
    head: (bytes, stepAt, time) => this.#headRead(bytes, stepAt, time),
    data: (bytes, start, end) => this.#contentRead(bytes, start, end),
    cutHead: (bytes, stepAt, time) => this.#cutHead(bytes, stepAt, time),
    end: (bytes, time) => this.#requestRead(bytes, time),
    malformed: (bytes, stepAt, time) => this.#malformed(bytes, stepAt, time),
    isOver: () => this.#state !== 'http',
  }
  #state: 'http' | 'opaque' | 'refused' = 'http'
  #opaqueRequests: OpaqueRequests | undefined
  /** The total of delivered bytes at which the server is killed. */
  #crashAtBytes: number | undefined
  hasEnded = false

  constructor(connection: SharedConnection) {
    this.#connection = connection
    this.#exit = connection.conversation.requests
    this.gate = new Gate(this.#exit)
    this.#pause = new Pause(connection.clock)
    this.#parser = new MessageParser(new RequestHeadReader(connection.memos.requests))
    this.#intake = new MessageIntake((bytes) => this.#pass(bytes))
    this.#parts = { parser: this.#parser, intake: this.#intake, gate: this.gate }
    this.#sender = new RequestSender({
      gate: this.gate,
      pause: this.#pause,
      now: () => connection.now(),
      asks: (turn) => void connection.unanswered.push(turn),
      pass: (bytes) => void this.#pass(bytes),
      isInForce: (rule) => connection.link.rules.includes(rule),
      sent: (turn) => this.#sent(turn),
      reopen: () => {
        if (!this.#awaitsSwitch) this.gate.open(this)
      },
    })
  }

  receive(bytes: Buffer): boolean {
    // When a request is held, the gate keeps the rest of the request's chunk, and later passes this rest to `receive`
    // again. The rest is empty if the chunk ended with the held request.
    if (bytes.length === 0) return true
    if (this.#state === 'opaque') {
      this.#lookFor((requests) => requests.read(bytes))
      return this.#exit.pass(bytes)
    }
    if (this.#state === 'refused') return true
    if (!this.gate.closed) return this.#read(bytes)
    this.gate.hold(bytes)
    return true
  }

  end(): void {
    if (this.gate.closed) {
      this.gate.hold('end')
      return
    }
    this.hasEnded = true
    this.#lookFor((requests) => requests.end())
    if (this.#connection.isMuted) this.#connection.conversation.abort()
    else {
      this.#passWhatIsCut()
      this.#exit.end()
    }
  }

  reset(): void {
    this.#pause.cancel()
    this.#exit.reset()
  }

  delivered(totalBytes: number): void {
    this.#deliveredBytes = totalBytes
    if (this.#crashAtBytes === undefined || totalBytes < this.#crashAtBytes) return
    this.#crashAtBytes = undefined
    this.#connection.crash()
  }

  altered(): void {
    this.#connection.recording?.altered('everything')
  }

  ruleRemoved(rule: HttpRule): void {
    this.#pause.ruleRemoved(rule)
  }

  /** Reports the decision on an upgrade request: another protocol follows, or HTTP continues. */
  switchDecided(switched: boolean): void {
    this.#awaitsSwitch = false
    if (switched) this.goOpaque()
    else this.gate.open(this)
  }

  refuse(): void {
    this.#awaitsSwitch = false
    this.#state = 'refused'
    this.gate.open(this)
  }

  /** Handles what the server sends after the client has sent bytes that the proxy cannot read. */
  opaqueAnswer(bytes: Buffer): void {
    this.#lookFor((requests) => requests.answered(bytes))
  }

  goOpaque(): void {
    if (this.#state !== 'http') return
    this.#passWhatIsCut()
    this.#state = 'opaque'
    this.gate.open(this)
  }

  get isBetweenRequests(): boolean {
    return this.#turn === undefined && this.#state === 'http' && !this.gate.closed
  }

  /** Ends the request being read, which will never be complete. */
  closed(time: Nanos, reason: string): void {
    this.#pause.cancel()
    this.#turn?.ended(time, reason)
  }

  #read(bytes: Buffer): boolean {
    const intake = this.#intake
    const time = this.#connection.beginChunk()
    readChunk(this.#parts, this.#steps, bytes, time)
    // Other events may be recorded before the rest of this request.
    this.#turn?.keepPlace()
    intake.settle(bytes, bytes.length)
    if (this.#progress !== 'unharmed') this.#chunkRead()
    this.#capture.release()
    this.#connection.governAsking()
    this.#connection.holdUpIfBehind()
    this.#connection.endChunk()
    return intake.endChunk()
  }

  #cutHead(bytes: Buffer, stepAt: number, time: Nanos): void {
    const { host, link } = this.#connection
    // Empty lines belong to the request that follows them, but do not begin it.
    const isBlank = this.#parser.betweenMessages
    this.#cut.cut(this.#intake, bytes, stepAt, () => isBlank || host !== undefined || link.rules.length > 0)
    if (!isBlank) this.#turn ??= new HttpTurn(this.#connection.recording, time)
    if (this.#cut.isPassing) this.#turn?.forwarded(time)
  }

  #headRead(bytes: Buffer, stepAt: number, time: Nanos): void {
    const { head } = this.#parser
    const connection = this.#connection
    const kind = bodyOfRequest(head)
    this.#parser.frame(kind)
    connection.link.counters.requests++
    const turn = this.#turn ?? new HttpTurn(connection.recording, time)
    this.#turn = turn
    turn.method = head.method
    turn.sentAtMs = connection.nowMs()
    turn.target = head.target
    turn.head = head
    turn.switches = head.headers.upgrade || head.method === 'CONNECT'
    turn.routed = connection.mapping?.match(head)
    connection.order.push(turn)
    const candidates = connection.candidatesFor(head)
    turn.replyRules = candidates.replies
    // If a part of the head was already passed on, a fault comes too late for this request.
    this.#rules = this.#cut.isPassing ? NO_RULES : candidates.requests
    this.#capture.start(turn.routed?.bodyBytes ?? 0)
    if (connection.host !== undefined) this.#intake.settle(bytes, stepAt)
    if (this.#rules.length === 0 && turn.replyRules.length === 0) this.#forwardUnharmed(turn, bytes, stepAt, time)
    else {
      this.#intake.settle(bytes, stepAt)
      this.#beginHarm(turn, kind, bytes, stepAt, time)
    }
    this.#cut.end()
  }

  #forwardUnharmed(turn: HttpTurn, bytes: Buffer, stepAt: number, time: Nanos): void {
    this.#intake.treatment = 'pass'
    this.#forward(turn, time)
    if (this.#cut.isHeld || this.#connection.host !== undefined) this.#pass(this.#takeHead(bytes, stepAt))
  }

  #beginHarm(turn: HttpTurn, kind: BodyKind, bytes: Buffer, stepAt: number, time: Nanos): void {
    const { head } = this.#parser
    const isOpen = ({ rule, state }: Candidate) => state === 'open' && rule.searchesBody
    const needsBody = this.#rules.some(isOpen)
    turn.isHttp10 = head.minorVersion === 0
    turn.awaitsContinue = expectsContinue(head)
    // If a client gets a response before it has sent the body, it may send the body or omit it. The connection can then
    // carry no further request.
    turn.wantsClose = wantsClose(head) || (turn.awaitsContinue && !needsBody)
    this.#isSearched = needsBody || turn.replyRules.some(isOpen)
    if (this.#isSearched) this.#prefix.start()
    if (this.#isSearched && kind === 'none') this.#search(turn)
    if (this.#rules.length === 0) this.#forwardUnharmed(turn, bytes, stepAt, time)
    else if (this.#isSearched && needsBody) {
      this.#rawHead = Buffer.from(this.#takeHead(bytes, stepAt))
      this.#progress = 'searched'
      this.#intake.treatment = 'collect'
      // The server gets the request only after its body has arrived, so the proxy itself must ask the client for the
      // body.
      if (turn.awaitsContinue) this.#connection.sayContinue(turn)
    } else this.#decide(turn, time, () => this.#takeHead(bytes, stepAt))
  }

  #takeHead(bytes: Buffer, stepAt: number): Buffer {
    const { carried, offset } = this.#parser
    this.#intake.skip(offset)
    const { host } = this.#connection
    const head = carried.length > 0 ? Buffer.from(carried) : bytes.subarray(stepAt, offset)
    return host === undefined ? head : withHost(head, host)
  }

  /** Keeps only the faults that match the request's body. */
  #search(turn: HttpTurn): void {
    this.#isSearched = false
    const coding = turn.head?.headers.get('content-encoding')
    const content = this.#prefix.content(coding)
    this.#prefix.start()
    turn.isSearched = true
    const { conversation, seat } = this.#connection
    const decided = (candidate: Candidate): readonly Candidate[] => {
      const { rule, state } = candidate
      if (state !== 'open' || !rule.searchesBody || turn.head === undefined) return [candidate]
      if (content === undefined) {
        rule.miss(`the body of the request is compressed as ${JSON.stringify(coding)} and cannot be searched`)
        return []
      }
      const known = { head: turn.head, client: conversation.client.host, body: content }
      const decision = candidateFor(rule, known, seat, this.#connection.nowMs())
      return decision === undefined ? [] : [decision]
    }
    this.#rules = this.#rules.flatMap(decided)
    turn.replyRules = turn.replyRules.flatMap(decided)
  }

  #decide(turn: HttpTurn, time: Nanos, takeHead: () => Buffer): void {
    const intake = this.#intake
    const chosen = this.#rules.flatMap(({ rule, state }) => (state === 'chosen' ? rule : []))
    const plan = planRequest(chosen, turn, this.#connection)
    const wasSearched = this.#progress === 'searched'
    if (turn.madeUp !== undefined || turn.silenced !== undefined) {
      takeHead()
      intake.takeCollected()
      intake.treatment = 'swallow'
      this.#progress = 'stopped'
      // Respond now. A client that waits for a response before it sends the body would otherwise wait for ever.
      if (turn.awaitsContinue && !wasSearched) this.#connection.answerInTurn()
    } else if (plan.isNothing && !wasSearched && !this.#cut.isHeld && this.#connection.host === undefined) {
      intake.treatment = 'pass'
      this.#forward(turn, time)
    } else {
      this.#rawHead = Buffer.from(takeHead())
      intake.treatment = 'collect'
      this.#beginSending(turn, plan, wasSearched)
    }
  }

  #beginSending(turn: HttpTurn, plan: RequestPlan, wasSearched: boolean): void {
    const head = this.#rawHead
    const original = { raw: head, headLength: head.length, bodyFollows: true }
    // If the proxy has searched the body, it has already sent `100 Continue` to the client.
    const isContinued = turn.awaitsContinue && wasSearched
    const sentHead = isContinued ? editRequest(original, { headers: { Expect: null } }, undefined) : original
    if (plan.changesContent) this.altered()
    if (turn.awaitsContinue && !wasSearched && plan.changesExpectation) this.#connection.sayContinue(turn)
    this.#progress = 'sent'
    this.#sender.begin(plan.edit(sentHead), plan)
    this.#copying = plan.copying
    this.#missLongerThan(this.#parser.head.headers.contentLength)
  }

  /** Gives up duplicating the request if its body is too long for all faults that duplicate it. */
  #missLongerThan(bytes: number, because = 'the body of the request is longer than maxBodyBytes'): void {
    if (this.#copying.length === 0 || this.#copying.some(({ mostBodyBytes = 0 }) => mostBodyBytes >= bytes)) return
    for (const rule of this.#copying) rule.takeBack(because)
    this.#copying = NO_RULES
    this.#sender.dropCopies()
  }

  #contentRead(bytes: Buffer, start: number, end: number): void {
    this.#capture.add(bytes, start, end)
    if (this.#isSearched) this.#prefix.add(bytes, start, end)
  }

  #chunkRead(): void {
    const turn = this.#turn
    if (turn === undefined) return
    if (this.#progress === 'searched' && this.#prefix.isFull) this.#decideSearched(turn)
    if (this.#progress === 'sent') this.#sendWhatCame(turn, false)
  }

  #decideSearched(turn: HttpTurn): void {
    this.#search(turn)
    this.#decide(turn, this.#connection.now(), () => this.#rawHead)
  }

  #sendWhatCame(turn: HttpTurn, isEnd: boolean): void {
    this.#missLongerThan(this.#sender.keptBytes + this.#intake.collectedBytes)
    this.#sender.send(turn, this.#intake.takeCollected(), isEnd)
  }

  /** Marks a request as sent, just before its first byte is passed on. */
  #forward(turn: HttpTurn, time: Nanos): void {
    turn.forwarded(time)
    this.#connection.unanswered.push(turn)
  }

  #requestRead(bytes: Buffer, time: Nanos): void {
    const turn = this.#turn
    if (turn === undefined) throw new Error('a request ends that did not begin')
    const connection = this.#connection
    const body = this.#capture.end()
    turn.requestEnded(this.#parser.head, turn.routed?.bodyBytes === 0 ? undefined : body, connection.peer, time)
    if (this.#intake.treatment !== 'pass' || turn.switches) this.#intake.settle(bytes, this.#parser.offset)
    const isUnharmed = this.#progress === 'unharmed'
    if (this.#isSearched && this.#progress !== 'searched') this.#search(turn)
    if (turn.switches && turn.madeUp === undefined && turn.silenced === undefined) this.#awaitsSwitch = true
    if (!isUnharmed) this.#harmedRead(turn)
    this.#turn = undefined
    this.#rules = NO_RULES
    this.#intake.treatment = 'pass'
    if (turn.silenced !== undefined) turn.lostForClient(time, LOST.request)
    if (turn.madeUp !== undefined || turn.silenced !== undefined) {
      this.#awaitsSwitch = false
      connection.answerInTurn()
      if (turn.endsConnection) this.#refuseRest(bytes)
    } else {
      if (isUnharmed) {
        if (turn.crashes) this.#intake.settle(bytes, this.#parser.offset)
        this.#sent(turn)
      }
      if (turn.switches) this.gate.close()
    }
  }

  #harmedRead(turn: HttpTurn): void {
    if (this.#progress === 'searched') this.#decideSearched(turn)
    if (this.#progress === 'sent') this.#sendWhatCame(turn, true)
    this.#progress = 'unharmed'
    this.#copying = NO_RULES
  }

  #sent(turn: HttpTurn): void {
    if (turn.crashes && this.#connection.endsServers) this.#crashOnceDelivered()
  }

  /**
   * Kills the server as soon as the server has the request. If the proxy cannot kill it, the proxy waits for the
   * response, which shows that the server has the request.
   */
  #crashOnceDelivered(): void {
    this.#crashAtBytes ??= this.#passedBytes
    this.delivered(this.#deliveredBytes)
  }

  /** Ignores bytes after a request that closes the connection. */
  #refuseRest(bytes: Buffer): void {
    this.#state = 'refused'
    this.#intake.skip(bytes.length)
  }

  /**
   * Handles malformed bytes, which some servers may read as one request and others as two. If no fault can hit the
   * request, the bytes are passed on. Otherwise the connection ends, because the request could escape the fault.
   */
  #malformed(bytes: Buffer, stepAt: number, time: Nanos): void {
    const connection = this.#connection
    const { reason } = this.#parser
    const turn = this.#turn
    this.#intake.settle(bytes, stepAt)
    const head = Buffer.concat([this.#parser.earlier, bytes.subarray(stepAt)])
    if (isHttp2(head)) connection.conversation.misread?.('http2')
    if (this.#intake.treatment !== 'pass' || this.#maySuffer(head)) {
      this.#state = 'refused'
      const inMessage = turn !== undefined && connection.order.includes(turn)
      if (!inMessage) turn?.ended(time, LOST.unparsed)
      this.#intake.skip(bytes.length)
      connection.refuse(reason, { inMessage })
      return
    }
    connection.requestsMalformed()
    const { mapping } = connection
    this.#opaqueRequests = mapping === undefined ? undefined : new OpaqueRequests(mapping)
    this.#lookFor((requests) => requests.read(head))
    this.#passHeldHead()
    this.#state = 'opaque'
  }

  /**
   * Whether a fault may hit the malformed request. If the head of the current turn's request was read, the malformed
   * request is this request. Otherwise, the malformed request begins with `head`.
   */
  #maySuffer(head: Buffer): boolean {
    const { link, conversation } = this.#connection
    const turn = this.#turn
    if (turn?.head !== undefined) return this.#rules.length > 0 || turn.replyRules.length > 0
    const known = { head: readLaxly(head), client: conversation.client.host }
    return link.rules.some((rule) => rule.judge(known) !== false)
  }

  #lookFor(possible: (requests: OpaqueRequests) => readonly PossibleRequest[]): void {
    if (this.#opaqueRequests === undefined) return
    for (const { what, touches } of possible(this.#opaqueRequests))
      this.#connection.recording?.mayHaveRequested(what, touches)
  }

  /** Passes a partial message on when the connection ends or becomes unreadable. */
  #passWhatIsCut(): void {
    this.#passHeldHead()
    const turn = this.#turn
    if (turn === undefined) return
    if (this.#progress === 'searched') {
      for (const { rule } of this.#rules) rule.miss(CUT_OFF)
      this.#rules = NO_RULES
      this.#decide(turn, this.#connection.now(), () => this.#rawHead)
    }
    this.#missLongerThan(Number.POSITIVE_INFINITY, CUT_OFF)
    if (this.#progress === 'sent') this.#sendWhatCame(turn, false)
  }

  #passHeldHead(): void {
    const held = this.#cut.takeHeld(this.#parser.carried)
    if (held === undefined) return
    this.#turn?.forwarded(this.#connection.now())
    this.#pass(held)
  }

  #pass(bytes: Buffer): boolean {
    this.#passedBytes += bytes.length
    return this.#exit.pass(bytes)
  }
}

const isHttp2 = (head: Buffer): boolean => head.toString('latin1', 0, 16).startsWith('PRI * HTTP/2.0')
