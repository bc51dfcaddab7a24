import type { Nanos } from '@chaosproxy/history'
import { keptOfAnswer } from '@chaosproxy/recorder/mapping'
import type { Answer, BodyKind, Captured, ResponseHead } from '@chaosproxy/wire/http'
import { BodyCapture, bodyOfResponse, MessageParser, ResponseHeadReader } from '@chaosproxy/wire/http'
import type { Stage } from '../interceptor/interceptor.ts'
import { type ChunkParts, type ChunkSteps, readChunk } from './chunk-reader.ts'
import { CutHead } from './cut-head.ts'
import { Gate } from './gate.ts'
import type { Candidate, HttpRule } from './http-rule.ts'
import { MessageIntake } from './message-intake.ts'
import { Pause } from './pause.ts'
import { isEndless, type Reply } from './reply.ts'
import { applyFaults, chosenForReply, planReply, type ReplyFate, type ReplyPlan } from './reply-fate.ts'
import { ReplyOutbox } from './reply-outbox.ts'
import { ReplySender } from './reply-sender.ts'
import type { SharedConnection } from './shared-connection.ts'
import { type HttpTurn, LOST } from './turn.ts'
import { changesProtocol, planUpgrade, type UpgradeFate } from './upgrade-fate.ts'

/** How long the proxy waits for the end of a response of unknown length, while the client gets nothing of it. */
const PATIENCE_MS = 5_000

const NOTHING = Buffer.alloc(0)

/**
 * The progress of the faults on a response. `unharmed`: no fault hits it. `lost`: it is withheld. `held`: it waits
 * until it is complete. `sent`: it is sent as it arrives. `replaced`: the client gets another response, and the rest is
 * dropped.
 */
type Progress = 'unharmed' | 'lost' | 'held' | 'sent' | 'replaced'

/** Reads a connection's responses, and passes them on in order as the faults allow. */
export class ReplySide implements Stage {
  readonly outbox: ReplyOutbox
  readonly #gate: Gate
  readonly #connection: SharedConnection
  readonly #parser: MessageParser<ResponseHead>
  readonly #intake: MessageIntake
  readonly #capture: BodyCapture = new BodyCapture()
  readonly #pause: Pause
  #plan: ReplyPlan | undefined
  #progress: Progress = 'unharmed'
  #rawHead: Buffer = NOTHING
  #fate: ReplyFate | undefined
  #kind: BodyKind = 'none'
  /** How many more bytes of content the client gets before a reset. */
  #roomBytes = Number.POSITIVE_INFINITY
  #cancelPatience: (() => void) | undefined
  #untilCloseRead = false
  #isInterim = false
  readonly #cut: CutHead = new CutHead()
  #opaque = false
  /** Whether the remaining bytes of the connection are dropped. */
  #dropsRest = false
  readonly #sender: ReplySender
  readonly #parts: ChunkParts<ResponseHead>
  readonly #steps: ChunkSteps = {
    head: (bytes, stepAt, time) => this.#headRead(bytes, stepAt, time),
    data: (bytes, start, end) => this.#contentRead(bytes, start, end),
    cutHead: (bytes, stepAt) => this.#cutHead(bytes, stepAt),
    end: (bytes, time) => this.#replyRead(bytes, time),
    malformed: (bytes, stepAt) => this.#malformed(bytes, stepAt),
    isOver: () => this.#opaque,
  }

  constructor(connection: SharedConnection) {
    const exit = connection.conversation.responses
    this.#connection = connection
    this.#gate = new Gate(exit)
    this.#pause = new Pause(connection.clock)
    this.outbox = new ReplyOutbox(exit, () => connection.now())
    this.#parser = new MessageParser(new ResponseHeadReader(connection.memos.replies))
    this.#intake = new MessageIntake((bytes) => this.outbox.pass(bytes))
    this.#parts = { parser: this.#parser, intake: this.#intake, gate: this.#gate }
    this.#sender = new ReplySender({
      connection,
      outbox: this.outbox,
      pause: this.#pause,
      gate: this.#gate,
      reopen: () => this.#gate.open(this),
    })
  }

  receive(bytes: Buffer): boolean {
    if (this.#gate.closed) this.#gate.hold(bytes)
    else if (!this.#opaque) return this.#read(bytes)
    else if (!this.#connection.isMuted && !this.#dropsRest) {
      this.#connection.requests.opaqueAnswer(bytes)
      return this.outbox.pass(bytes)
    }
    return true
  }

  end(): void {
    if (this.#gate.closed) this.#gate.hold('end')
    else if (!this.#connection.isMuted) {
      const time = this.#connection.now()
      if (!this.#opaque) {
        if (this.#parser.endsWithConnection && !this.#untilCloseRead) {
          this.#untilCloseRead = true
          this.#replyRead(NOTHING, time)
        } else this.#passWhatIsCut()
        if (this.#gate.closed) {
          this.#gate.hold('end')
          return
        }
        this.#connection.serverGone(time)
      }
      this.#connection.conversation.responses.end()
    }
  }

  reset(): void {
    if (this.#gate.closed) this.#gate.hold('reset')
    else if (!this.#connection.isMuted) {
      this.#connection.serverGone(this.#connection.now())
      this.#connection.conversation.responses.reset()
    }
  }

  delivered(totalBytes: number): void {
    this.outbox.delivered(totalBytes)
    this.#connection.answersDelivered()
  }

  ruleRemoved(rule: HttpRule): void {
    this.#pause.ruleRemoved(rule)
  }

  goOpaque(): void {
    if (this.#opaque) return
    this.#passWhatIsCut()
    this.#opaque = true
    this.#gate.open(this)
  }

  closed(time: Nanos, reason: string): void {
    this.#pause.cancel()
    this.#cancelPatience?.()
    this.#sender.closed()
    this.outbox.closed(time, reason)
  }

  #read(bytes: Buffer): boolean {
    const intake = this.#intake
    readChunk(this.#parts, this.#steps, bytes, this.#connection.beginChunk())
    intake.settle(bytes, bytes.length)
    if (this.#progress !== 'unharmed') this.#chunkRead()
    this.#capture.release()
    this.#connection.endChunk()
    return intake.endChunk()
  }

  #cutHead(bytes: Buffer, stepAt: number): void {
    const turn = this.#connection.unanswered[0]
    const isAffected = () =>
      turn !== undefined && (turn.replyRules.length > 0 || turn.crashes || this.#treatmentOf(turn) === 'swallow')
    this.#cut.cut(this.#intake, bytes, stepAt, isAffected)
  }

  #headRead(bytes: Buffer, stepAt: number, time: Nanos): void {
    const connection = this.#connection
    const { head } = this.#parser
    const intake = this.#intake
    const turn = connection.unanswered[0]
    const isInterim = head.status < 200 && head.status !== 101
    // The server may send an interim response before it has received the whole request.
    if (turn?.crashes === true && !isInterim) {
      this.#opaque = true
      intake.treatment = 'swallow'
      connection.crash()
      return
    }
    if (turn !== undefined && changesProtocol(turn, head.status)) {
      this.#switch(turn, bytes, stepAt, time)
      return
    }
    const kind = bodyOfResponse(head, turn?.method)
    this.#parser.frame(kind)
    this.#isInterim = isInterim
    const treatment = turn === undefined ? 'pass' : this.#treatmentOf(turn)
    const wanted = turn?.routed === undefined ? 0 : keptOfAnswer(turn.routed, head.headers)
    this.#capture.start(wanted)
    let plan: ReplyPlan | undefined
    if (!this.#isInterim) {
      connection.link.counters.replies++
      if (turn !== undefined) connection.link.counters.waitedMs += connection.nowMs() - turn.sentAtMs
      if (turn === undefined && head.status < 400) connection.recording?.unmatchedAnswer()
      plan = this.#planFor(turn, treatment)
      this.#kind = kind
      this.#plan = plan
    }
    if (treatment === 'swallow' || plan !== undefined || this.#cut.isHeld) {
      intake.settle(bytes, stepAt)
      intake.skip(this.#parser.offset)
      const { carried, offset } = this.#parser
      const rawHead = carried.length > 0 ? carried : bytes.subarray(stepAt, offset)
      if (treatment === 'swallow') intake.treatment = 'swallow'
      else if (plan === undefined || turn === undefined) {
        intake.treatment = 'pass'
        this.outbox.pass(Buffer.from(rawHead))
      } else this.#beginHarm(turn, plan, Buffer.from(rawHead), wanted)
    } else intake.treatment = 'pass'
    this.#cut.end()
  }

  /** Returns `swallow` for responses to duplicates, and for responses that the client must not get. */
  #treatmentOf(turn: HttpTurn): 'pass' | 'swallow' {
    return turn.isDuplicate || this.#connection.isMuted ? 'swallow' : 'pass'
  }

  #planFor(turn: HttpTurn | undefined, treatment: 'pass' | 'swallow'): ReplyPlan | undefined {
    if (turn === undefined || treatment === 'swallow' || turn.replyRules.length === 0 || this.#cut.isPassing)
      return undefined
    return planReply(this.#chosenFor(turn), turn, this.#connection)
  }

  #chosenFor(turn: HttpTurn): readonly Candidate[] {
    const { conversation } = this.#connection
    return chosenForReply(turn, this.#parser.head.status, conversation.client.host, this.#connection)
  }

  #beginHarm(turn: HttpTurn, plan: ReplyPlan, rawHead: Buffer, wantedBytes: number): void {
    this.#rawHead = rawHead
    if (plan.lost !== undefined) {
      this.#progress = 'lost'
      this.#intake.treatment = 'swallow'
      return
    }
    this.#progress = 'held'
    const { headers } = this.#parser.head
    if (isEndless(headers)) this.#missWhere(() => true, 'the reply is a stream that does not end')
    this.#missLongerThan(this.#kind === 'sized' ? headers.contentLength : 0)
    const mostBytes = Math.max(-1, ...this.#holders.map(({ mostBodyBytes }) => mostBodyBytes ?? 0))
    if (mostBytes < 0) this.#decide(turn, undefined)
    else {
      this.#intake.treatment = 'collect'
      this.#capture.start(Math.max(mostBytes, wantedBytes))
    }
  }

  /** The faults that need the whole response. */
  get #holders(): readonly HttpRule[] {
    return this.#plan?.others.flatMap(({ rule }) => (rule.mostBodyBytes === undefined ? [] : rule)) ?? []
  }

  #missLongerThan(bytes: number): void {
    this.#missWhere(
      ({ mostBodyBytes = 0 }) => mostBodyBytes < bytes,
      'the body of the reply is longer than maxBodyBytes',
    )
  }

  /** Of the faults that need the whole response, drops those that `isMissed` selects, and reports them as missed. */
  #missWhere(isMissed: (rule: HttpRule) => boolean, because: string): void {
    const missed = this.#holders.filter(isMissed)
    if (this.#plan === undefined || missed.length === 0) return
    for (const rule of missed) rule.miss(because)
    this.#plan = { ...this.#plan, others: this.#plan.others.filter(({ rule }) => !missed.includes(rule)) }
  }

  /** Decides which response the client gets, from the head alone or from the whole response. */
  #decide(turn: HttpTurn, body: Captured | undefined): void {
    const { status, headers } = this.#parser.head
    const isWhole = body !== undefined
    const content = body !== undefined && 'bytes' in body ? body.bytes : NOTHING
    const raw = isWhole ? Buffer.concat([this.#rawHead, this.#intake.takeCollected()]) : this.#rawHead
    const message = { raw, headLength: this.#rawHead.length, bodyFollows: !isWhole }
    const reply: Reply = { status, headers, kind: this.#kind, body: { bytes: content }, ...message }
    const fate = applyFaults(this.#plan?.others ?? [], reply, { turn, isEndless: isEndless(headers) })
    this.#fate = fate
    this.#progress = 'sent'
    this.#roomBytes = fate.reply.bodyFollows ? (fate.truncate?.bytes ?? this.#roomBytes) : this.#roomBytes
    this.#intake.treatment = fate.reply.bodyFollows ? 'collect' : 'swallow'
    this.#sender.begin(fate, this.#plan?.delay)
  }

  #contentRead(bytes: Buffer, start: number, end: number): void {
    this.#capture.add(bytes, start, end)
    const length = end - start
    if (length <= this.#roomBytes) {
      this.#roomBytes -= length
      return
    }
    const [turn] = this.#connection.unanswered
    if (turn === undefined) return
    this.#fate?.truncate?.rule.hit(turn.name)
    this.#intake.settle(bytes, start + this.#roomBytes)
    this.#intake.treatment = 'swallow'
    this.#progress = 'replaced'
    this.#sender.send(turn, this.#intake.takeCollected(), 'reset')
    this.#gate.close()
  }

  #chunkRead(): void {
    const [turn] = this.#connection.unanswered
    if (turn === undefined) return
    if (this.#progress === 'held') {
      this.#missLongerThan(this.#intake.collectedBytes)
      if (this.#holders.length === 0) this.#decide(turn, undefined)
    }
    if (this.#progress === 'sent') this.#sendWhatCame(turn)
    else if (this.#progress === 'lost' && isEndless(this.#parser.head.headers)) this.#lose(turn)
    if (this.#isHidden && this.#kind !== 'sized' && this.#cancelPatience === undefined)
      this.#cancelPatience = this.#connection.clock.after(PATIENCE_MS, () => this.#losePatience(turn))
  }

  /** Whether the client gets none of the response's remaining bytes. */
  get #isHidden(): boolean {
    return this.#progress !== 'unharmed' && this.#progress !== 'sent'
  }

  #sendWhatCame(turn: HttpTurn): void {
    const fate = this.#fate
    if (fate === undefined) return
    if (fate.reply.bodyFollows) this.#sender.send(turn, this.#intake.takeCollected(), 'more')
    else {
      this.#progress = 'replaced'
      if (!fate.isCut && isEndless(this.#parser.head.headers)) this.#connection.closeAfter(turn)
      this.#sender.send(turn, NOTHING, fate.isCut ? 'reset' : fate.reply)
    }
  }

  /**
   * Handles a response that has not ended in time. If the response is held, sends what has arrived. If the client gets
   * no more of the response, stops waiting for its end.
   */
  #losePatience(turn: HttpTurn): void {
    if (this.#progress === 'held') {
      this.#missWhere(() => true, `the reply had not ended after ${PATIENCE_MS / 1000} s`)
      this.#decide(turn, undefined)
      this.#sendWhatCame(turn)
    } else if (this.#progress === 'lost') this.#lose(turn)
    else if (this.#progress === 'replaced') this.#connection.closeAfter(turn)
  }

  #lose(turn: HttpTurn): void {
    this.#progress = 'replaced'
    turn.lostForClient(this.#connection.now(), LOST.reply)
    turn.silenced = this.#plan?.lost?.silence
    this.#connection.answered(turn)
  }

  #replyRead(bytes: Buffer, time: Nanos): void {
    const connection = this.#connection
    const intake = this.#intake
    if (intake.treatment !== 'pass') intake.settle(bytes, this.#parser.offset)
    const { status, headers } = this.#parser.head
    if (this.#isInterim) return
    const turn = connection.unanswered.shift()
    const progress = this.#progress
    // Copies the body if it is needed later, because its memory will be reused.
    if (progress !== 'unharmed' || turn?.isWhole === false) this.#capture.release()
    const body = this.#capture.end()
    if (turn === undefined) return
    const answer: Answer = { status, headers, body }
    turn.answered(time, answer)
    if (turn.switches) connection.requests.switchDecided(false)
    if (progress !== 'unharmed') this.#harmedRead(turn, body, time)
    else if (intake.treatment === 'swallow') this.#swallowed(turn, time)
    else {
      this.outbox.answerEnds(turn, answer, this.#parser.offset - intake.from)
      // Pass on the bytes read so far if another response may be sent next. The other response is one that the proxy
      // made for the next request on this connection, or one on another connection that a fault holds until the present
      // response is sent.
      if (connection.order[1] !== undefined || this.#sender.isAwaited) intake.settle(bytes, this.#parser.offset)
      this.#sender.overtakes()
      connection.answered(turn)
    }
    intake.treatment = 'pass'
  }

  #harmedRead(turn: HttpTurn, body: Captured | undefined, time: Nanos): void {
    const { lost } = this.#plan ?? {}
    if (this.#progress === 'held') this.#decide(turn, body ?? { bytes: NOTHING })
    const [progress, fate] = [this.#progress, this.#fate]
    const bytes = this.#intake.takeCollected()
    this.#endHarm()
    if (progress === 'lost') {
      turn.silenced = lost?.silence
      this.#swallowed(turn, time)
    } else if (progress === 'sent' && fate !== undefined) {
      const { reply, isCut } = fate
      const { status, headers } = reply
      const given = reply.bodyFollows ? { status, headers, body } : reply
      this.#sender.send(turn, bytes, isCut ? 'reset' : given)
    } else this.#connection.answered(turn)
  }

  #endHarm(): void {
    this.#cancelPatience?.()
    this.#cancelPatience = undefined
    this.#progress = 'unharmed'
    this.#plan = undefined
    this.#fate = undefined
    this.#roomBytes = Number.POSITIVE_INFINITY
  }

  #swallowed(turn: HttpTurn, time: Nanos): void {
    if (turn.isDuplicate) return
    turn.lostForClient(time, LOST.reply)
    this.#connection.answered(turn)
  }

  /** Handles a response with which the connection changes its protocol, unless a fault prevents the change. */
  #switch(turn: HttpTurn, bytes: Buffer, stepAt: number, time: Nanos): void {
    const connection = this.#connection
    const { head, carried, offset } = this.#parser
    const { isPassing } = this.#cut
    connection.unanswered.shift()
    connection.link.counters.replies++
    connection.link.counters.switched++
    this.#opaque = true
    this.#intake.settle(bytes, isPassing ? offset : stepAt)
    this.#intake.skip(offset)
    this.#cut.end()
    if (connection.isMuted) {
      this.#intake.treatment = 'swallow'
      return
    }
    turn.answered(time, { status: head.status, headers: head.headers, body: undefined })
    const raw = isPassing ? NOTHING : Buffer.from(carried.length > 0 ? carried : bytes.subarray(stepAt, offset))
    const reply = { status: head.status, raw, headLength: raw.length, bodyFollows: false }
    const fate = isPassing
      ? { lost: undefined, delay: undefined, reply }
      : planUpgrade(this.#chosenFor(turn), turn, reply, connection)
    if (fate.delay === undefined) this.#sendUpgrade(turn, fate, time)
    else {
      this.#gate.close()
      this.#pause.begin(fate.delay.durationMs, fate.delay.rule, () => {
        this.#sendUpgrade(turn, fate, connection.now())
        this.#gate.open(this)
      })
    }
  }

  #sendUpgrade(turn: HttpTurn, { lost, reply }: UpgradeFate, time: Nanos): void {
    const connection = this.#connection
    this.#dropsRest = !changesProtocol(turn, reply.status)
    // Drop the rest of the chunk too.
    if (lost !== undefined || this.#dropsRest) this.#intake.treatment = 'swallow'
    if (lost !== undefined) {
      turn.lostForClient(time, LOST.reply)
      turn.silenced = lost.silence
      connection.requests.refuse()
      connection.answered(turn)
      return
    }
    if (reply.raw.length > 0) this.outbox.pass(reply.raw)
    this.outbox.answerEnds(turn, { status: reply.status, headers: undefined, body: undefined })
    if (this.#dropsRest) {
      connection.requests.refuse()
      connection.close()
    } else {
      connection.recording?.opaque(
        `${turn.method} ${turn.target}, after which another protocol is spoken`,
        turn.routed?.isIgnored === true ? 'nothing' : 'everything',
      )
      connection.answered(turn)
      connection.requests.switchDecided(true)
    }
  }

  #malformed(bytes: Buffer, stepAt: number): void {
    const intake = this.#intake
    intake.settle(bytes, stepAt)
    this.#passWhatIsCut()
    this.#opaque = true
    const [turn] = this.#connection.unanswered
    this.#dropsRest = this.#isHidden
    if (this.#progress === 'lost' && turn !== undefined) this.#lose(turn)
    else if (this.#progress === 'replaced' && turn !== undefined) this.#connection.closeAfter(turn)
    intake.treatment = this.#dropsRest ? 'swallow' : 'pass'
    this.#connection.repliesMalformed()
  }

  #passWhatIsCut(): void {
    const held = this.#cut.takeHeld(this.#parser.carried)
    if (held !== undefined) this.outbox.pass(held)
    const [turn] = this.#connection.unanswered
    if (turn === undefined) return
    if (this.#progress === 'held') {
      this.#missWhere(() => true, 'the reply was cut off')
      this.#decide(turn, undefined)
    }
    if (this.#progress === 'sent') this.#sendWhatCame(turn)
  }
}
