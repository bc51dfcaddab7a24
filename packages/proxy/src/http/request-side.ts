import type { Nanos } from '@chaosproxy/history'
import type { Captured, RequestHead } from '@chaosproxy/wire/http'
import {
  BodyCapture,
  bodyOfRequest,
  expectsContinue,
  MessageParser,
  RequestHeadReader,
  wantsClose,
} from '@chaosproxy/wire/http'
import type { Exit, Stage } from '../interceptor/interceptor.ts'
import { type ChunkParts, type ChunkSteps, readChunk } from './chunk-reader.ts'
import { CutHead } from './cut-head.ts'
import { Gate } from './gate.ts'
import type { HttpRule } from './http-rule.ts'
import { MessageIntake, TOO_LONG } from './message-intake.ts'
import { OpaqueRequests, type PossibleRequest } from './opaque-requests.ts'
import { Pause } from './pause.ts'
import { editMessage } from './reply.ts'
import { planRequest, type RequestPlan } from './request-fate.ts'
import { RequestSender, type SentHead } from './request-sender.ts'
import type { SharedConnection } from './shared-connection.ts'
import { HttpTurn, LOST } from './turn.ts'

/** How much of a body is searched for a rule's text. */
const SEARCHED_BYTES = 64 * 1024

const NO_RULES: readonly HttpRule[] = []

/** Reads a connection's requests, passes them on as the rules allow, and queues a turn for each. */
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
  /** The turn of the request being read. */
  #turn: HttpTurn | undefined
  #rules: readonly HttpRule[] = NO_RULES
  #headLength = 0
  /** The head of the request being read, if it was sent before its body and the body is not just passed on. */
  #sentHead: SentHead | undefined
  readonly #cut: CutHead = new CutHead()
  readonly #sender: RequestSender
  readonly #parts: ChunkParts<RequestHead>
  readonly #steps: ChunkSteps = {
    head: (bytes, stepAt, time) => this.#headRead(bytes, stepAt, time),
    cutHead: (bytes, stepAt, time) => this.#cutHead(bytes, stepAt, time),
    end: (bytes, time) => this.#requestRead(bytes, time),
    malformed: (bytes, stepAt, time) => this.#malformed(bytes, stepAt, time),
    isOver: () => this.#state !== 'http',
  }
  #state: 'http' | 'opaque' | 'refused' = 'http'
  /** Looks for what a server may have made of bytes that are no HTTP. */
  #opaqueRequests: OpaqueRequests | undefined
  /** The total of delivered bytes at which to end the server. */
  #crashAtBytes: number | undefined
  /** The client has ended its direction: no request follows, and nothing more of the client will be seen. */
  hasEnded = false

  constructor(connection: SharedConnection) {
    this.#connection = connection
    this.#exit = connection.conversation.requests
    this.gate = new Gate(this.#exit)
    this.#pause = new Pause(connection.clock)
    this.#parser = new MessageParser(new RequestHeadReader(connection.memos.requests))
    this.#intake = new MessageIntake((bytes) => this.#pass(bytes))
    this.#parts = { parser: this.#parser, intake: this.#intake, capture: this.#capture, gate: this.gate }
    this.#sender = new RequestSender({
      gate: this.gate,
      pause: this.#pause,
      now: () => connection.now(),
      asks: (turn) => void connection.asked.push(turn),
      pass: (bytes) => void this.#pass(bytes),
      reopen: () => this.gate.open(this),
    })
  }

  receive(bytes: Buffer): boolean {
    // What waited behind a head may be nothing.
    if (bytes.length === 0 && this.#state !== 'http') return true
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

  /** The answer to an upgrade request has arrived: the protocol has switched, or HTTP goes on. */
  switchDecided(switched: boolean): void {
    if (switched) this.goOpaque()
    else this.gate.open(this)
  }

  /** Nothing more of the client goes to the server. */
  refuse(): void {
    this.#state = 'refused'
    this.gate.open(this)
  }

  /** The server has sent bytes after the client's were no longer understood. */
  opaqueAnswer(bytes: Buffer): void {
    this.#lookFor((requests) => requests.answered(bytes))
  }

  goOpaque(): void {
    if (this.#state !== 'http') return
    this.#passWhatIsCut()
    this.#state = 'opaque'
    this.gate.open(this)
  }

  /** The request being read will never be complete. */
  closed(time: Nanos, reason: string): void {
    this.#pause.cancel()
    this.#turn?.ended(time, reason)
  }

  #read(bytes: Buffer): boolean {
    const intake = this.#intake
    const time = this.#connection.beginChunk()
    readChunk(this.#parts, this.#steps, bytes, time)
    // Other connections' events may come before the rest of this request.
    this.#turn?.keepPlace()
    intake.settle(bytes, bytes.length)
    if (intake.isOversized) this.#giveUpHolding(time, TOO_LONG)
    this.#capture.release()
    this.#connection.governAsking()
    this.#connection.holdUpIfBehind()
    this.#connection.endChunk()
    return intake.endChunk()
  }

  #cutHead(bytes: Buffer, stepAt: number, time: Nanos): void {
    // Empty lines belong to the request after them, and do not begin it.
    const isBlank = this.#parser.betweenMessages
    this.#cut.cut(this.#intake, bytes, stepAt, () => isBlank || this.#connection.link.rules.length > 0)
    if (!isBlank) this.#turn ??= new HttpTurn(this.#connection.recording, time)
    if (this.#cut.isPassing) this.#turn?.forwarded(time)
  }

  #headRead(bytes: Buffer, stepAt: number, time: Nanos): void {
    const { head } = this.#parser
    const connection = this.#connection
    this.#parser.frame(bodyOfRequest(head))
    connection.link.counters.requests++
    const turn = this.#turn ?? new HttpTurn(connection.recording, time)
    this.#turn = turn
    turn.method = head.method
    turn.target = head.target
    turn.head = head
    turn.switches = head.headers.upgrade || head.method === 'CONNECT'
    turn.routed = connection.mapping?.match(head)
    connection.order.push(turn)
    const candidates = connection.candidatesFor(head)
    turn.replyRules = candidates.replies
    // If part of the head was passed on before there was a rule, the rule comes too late for this request.
    this.#rules = this.#cut.isPassing ? NO_RULES : candidates.requests
    const needsBody = this.#rules.some((rule) => rule.matchesBody)
    if (this.#rules.length > 0) {
      this.#intake.settle(bytes, stepAt)
      turn.isHttp10 = head.minorVersion === 0
      turn.awaitsContinue = expectsContinue(head)
      // A client that is answered before it has sent the body may send it or not, and the next request only with another
      // connection.
      turn.wantsClose = wantsClose(head) || (turn.awaitsContinue && !needsBody)
    }
    this.#capture.start(Math.max(turn.routed?.bodyBytes ?? 0, needsBody ? SEARCHED_BYTES : 0))
    if (needsBody) {
      this.#intake.treatment = 'collect'
      this.#headLength = this.#parser.headLength
      this.#takeHead(bytes, stepAt, (rawHead) => this.#intake.collect(rawHead))
      // The server is asked only once the body is here, so the proxy has to ask for it.
      if (turn.awaitsContinue) connection.sayContinue(turn)
    } else this.#decideByHead(turn, bytes, stepAt, time)
    this.#cut.end()
  }

  #decideByHead(turn: HttpTurn, bytes: Buffer, stepAt: number, time: Nanos): void {
    const intake = this.#intake
    const plan = this.#rules.length === 0 ? undefined : planRequest(this.#rules, turn, undefined, this.#connection)
    if (turn.madeUp !== undefined || turn.silenced !== undefined) {
      intake.treatment = 'swallow'
      intake.skip(this.#parser.offset)
      // A client that waits for the answer before it sends the body would never send it.
      if (turn.awaitsContinue) this.#answerBeforeBody(turn, time)
      return
    }
    if (plan?.touchesMessage === true) {
      this.#takeHead(bytes, stepAt, (rawHead) => this.#sendHead(turn, rawHead, plan))
      return
    }
    intake.treatment = 'pass'
    this.#forward(turn, time)
    if (this.#cut.isHeld) this.#takeHead(bytes, stepAt, (rawHead) => this.#pass(rawHead))
  }

  /**
   * Sends the head without waiting for the body, which a client may withhold until it has an answer (100 Continue, or
   * 413).
   */
  #sendHead(turn: HttpTurn, rawHead: Buffer, plan: RequestPlan): void {
    const { raw, headLength } = plan.edit(rawHead, rawHead.length)
    const head = raw.subarray(0, headLength)
    const newBody = plan.replacesBody ? raw.subarray(headLength) : undefined
    const needsBody = plan.copies > 0 || plan.trickle !== undefined
    if (plan.changesContent) this.altered()
    if (newBody !== undefined || needsBody) this.#sentHead = { head, newBody, plan }
    this.#intake.treatment = newBody !== undefined ? 'swallow' : needsBody ? 'collect' : 'pass'
    if (turn.awaitsContinue && plan.changesExpectation) this.#connection.sayContinue(turn)
    this.#sender.sendHead(turn, head, plan)
  }

  #answerBeforeBody(turn: HttpTurn, time: Nanos): void {
    if (turn.silenced !== undefined) turn.lostForClient(time, LOST.request)
    this.#connection.answerInTurn()
  }

  /** Passes the head to `take` in memory of its own. */
  #takeHead(bytes: Buffer, stepAt: number, take: (rawHead: Buffer) => void): void {
    const { carried, offset } = this.#parser
    this.#intake.skip(offset)
    take(Buffer.from(carried.length > 0 ? carried : bytes.subarray(stepAt, offset)))
  }

  /** Marks a request as sent when its first byte is about to be passed on. */
  #forward(turn: HttpTurn, time: Nanos): void {
    turn.forwarded(time)
    this.#connection.asked.push(turn)
  }

  #requestRead(bytes: Buffer, time: Nanos): void {
    const turn = this.#turn
    if (turn === undefined) throw new Error('a request ends that did not begin')
    const connection = this.#connection
    const body = this.#capture.end()
    turn.requestEnded(this.#parser.head, turn.routed?.bodyBytes === 0 ? undefined : body, connection.peer)
    if (this.#intake.treatment !== 'pass' || turn.switches) this.#intake.settle(bytes, this.#parser.offset)
    if (this.#sentHead !== undefined) this.#sendBody(turn, this.#sentHead)
    else if (this.#intake.treatment === 'collect') this.#decideWhole(turn, body)
    this.#turn = undefined
    this.#rules = NO_RULES
    this.#intake.treatment = 'pass'
    if (turn.silenced !== undefined) turn.lostForClient(time, LOST.request)
    if (turn.madeUp !== undefined || turn.silenced !== undefined) {
      connection.answerInTurn()
      if (turn.endsConnection) this.#refuseRest(bytes)
    } else {
      if (turn.crashes && connection.endsServers) this.#crashOnceDelivered(bytes)
      if (turn.switches) this.gate.close()
    }
  }

  /**
   * If the server can be ended, ends it as soon as it has the request. Otherwise the answer must be awaited to know
   * that it does.
   */
  #crashOnceDelivered(bytes: Buffer): void {
    this.#intake.settle(bytes, this.#parser.offset)
    this.#crashAtBytes ??= this.#passedBytes
    this.delivered(this.#deliveredBytes)
  }

  /** Decides about a request that has been collected whole. */
  #decideWhole(turn: HttpTurn, body: Captured | undefined): void {
    const collected = this.#intake.takeCollected()
    const plan = planRequest(this.#rules, turn, body, this.#connection)
    if (turn.madeUp !== undefined || turn.silenced !== undefined) return
    if (plan.changesContent) this.altered()
    const edited = plan.edit(collected, this.#headLength)
    // The client has been told to send the body already.
    this.#sender.send(turn, turn.awaitsContinue ? editMessage(edited, { headers: { Expect: null } }) : edited, plan)
  }

  #sendBody(turn: HttpTurn, { head, newBody, plan }: SentHead): void {
    this.#sentHead = undefined
    this.#sender.sendBody(turn, { head, body: newBody ?? this.#intake.takeCollected() }, plan)
  }

  /** Passes on a request that cannot be held until it is whole. */
  #giveUpHolding(time: Nanos, because: string): void {
    const turn = this.#turn
    if (turn === undefined) return
    if (this.#sentHead === undefined) {
      for (const rule of this.#rules) rule.miss(because)
      this.#forward(turn, time)
    } else for (const rule of this.#sentHead.plan.needBody) rule.takeBack(because)
    this.#sentHead = undefined
    this.#rules = NO_RULES
    this.#intake.treatment = 'pass'
    this.#pass(this.#intake.takeCollected())
  }

  /** Ignores whatever follows a request after which the connection is closed. */
  #refuseRest(bytes: Buffer): void {
    this.#state = 'refused'
    this.#intake.skip(bytes.length)
  }

  /**
   * Servers may disagree on whether malformed bytes are one request or two. Without rules in force, the bytes are
   * passed on and no longer parsed. With rules, a request could slip past them, so the connection is ended.
   */
  #malformed(bytes: Buffer, stepAt: number, time: Nanos): void {
    const connection = this.#connection
    const { reason } = this.#parser
    const turn = this.#turn
    this.#intake.settle(bytes, stepAt)
    if (connection.link.rules.length > 0 || this.#intake.treatment !== 'pass') {
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
    // What of the head came earlier, and then all that is not understood.
    for (const part of [this.#parser.carried, bytes.subarray(stepAt)]) this.#lookFor((requests) => requests.read(part))
    this.#passHeldHead()
    this.#state = 'opaque'
  }

  #lookFor(possible: (requests: OpaqueRequests) => readonly PossibleRequest[]): void {
    if (this.#opaqueRequests === undefined) return
    for (const { what, touches } of possible(this.#opaqueRequests))
      this.#connection.recording?.mayHaveAsked(what, touches)
  }

  /** Passes on a partial message when the connection ends, or is no longer understood. */
  #passWhatIsCut(): void {
    this.#passHeldHead()
    if (this.#intake.treatment === 'collect') this.#giveUpHolding(this.#connection.now(), 'the request was cut off')
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
