import type { Nanos } from '@chaosproxy/history'
import { keptOfAnswer } from '@chaosproxy/recorder/routes'
import type { Answer, ResponseHead } from '@chaosproxy/wire/http'
import { BodyCapture, bodyOfResponse, MessageParser, ResponseHeadReader } from '@chaosproxy/wire/http'
import type { Stage } from '../interceptor/interceptor.ts'
import { type ChunkParts, type ChunkSteps, readChunk } from './chunk-reader.ts'
import { CutHead } from './cut-head.ts'
import { Gate } from './gate.ts'
import type { HttpRule } from './http-rule.ts'
import { MessageIntake, TOO_LONG } from './message-intake.ts'
import { Pause } from './pause.ts'
import type { ReplyPlan } from './reply-fate.ts'
import { planReply, suffer } from './reply-fate.ts'
import { ReplyOutbox } from './reply-outbox.ts'
import { ReplySender } from './reply-sender.ts'
import type { SharedConnection } from './shared-connection.ts'
import type { HttpTurn } from './turn.ts'
import { LOST } from './turn.ts'
import { changesProtocol, planUpgrade, type UpgradeFate } from './upgrade-fate.ts'

/** How much of a body to keep for rules that need whole answers. */
const WHOLE_BODY_BYTES = 2 * 1024 * 1024

const NOTHING = Buffer.alloc(0)

/** Reads a connection's answers and passes them on in order, as the rules allow. */
export class ReplySide implements Stage {
  readonly outbox: ReplyOutbox
  readonly #gate: Gate
  readonly #connection: SharedConnection
  readonly #parser: MessageParser<ResponseHead>
  readonly #intake: MessageIntake
  readonly #capture: BodyCapture = new BodyCapture()
  readonly #pause: Pause
  #plan: ReplyPlan | undefined
  #headLength = 0
  #hasBody = false
  #isInterim = false
  readonly #cut: CutHead = new CutHead()
  #opaque = false
  /** The client was refused the upgrade that the server made, and gets nothing more. */
  #isRefused = false
  readonly #sender: ReplySender
  readonly #parts: ChunkParts<ResponseHead>
  readonly #steps: ChunkSteps = {
    head: (bytes, stepAt, time) => this.#headRead(bytes, stepAt, time),
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
    this.#parts = { parser: this.#parser, intake: this.#intake, capture: this.#capture, gate: this.#gate }
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
    else if (!this.#connection.isMuted && !this.#isRefused) {
      this.#connection.requestSide.opaqueAnswer(bytes)
      return this.outbox.pass(bytes)
    }
    return true
  }

  end(): void {
    if (this.#gate.closed) this.#gate.hold('end')
    else if (!this.#connection.isMuted) {
      const time = this.#connection.now()
      if (!this.#opaque) {
        this.#passWhatIsCut()
        if (this.#parser.endsWithConnection) this.#replyRead(Buffer.alloc(0), time)
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
    this.#sender.closed()
    this.outbox.closed(time, reason)
  }

  #read(bytes: Buffer): boolean {
    const intake = this.#intake
    readChunk(this.#parts, this.#steps, bytes, this.#connection.beginChunk())
    intake.settle(bytes, bytes.length)
    if (intake.isOversized) this.#giveUpHolding()
    this.#capture.release()
    this.#connection.endChunk()
    return intake.endChunk()
  }

  #cutHead(bytes: Buffer, stepAt: number): void {
    const turn = this.#connection.asked[0]
    const isHurt = () =>
      turn !== undefined && (turn.replyRules.length > 0 || turn.crashes || this.#treatmentOf(turn) === 'swallow')
    this.#cut.cut(this.#intake, bytes, stepAt, isHurt)
  }

  #headRead(bytes: Buffer, stepAt: number, time: Nanos): void {
    const connection = this.#connection
    const { head } = this.#parser
    const intake = this.#intake
    const turn = connection.asked[0]
    const isInterim = head.status < 200 && head.status !== 101
    // An interim answer may come before the server has the whole request.
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
    this.#hasBody = kind !== 'none'
    this.#headLength = this.#parser.headLength
    const treatment = turn === undefined ? 'pass' : this.#treatmentOf(turn)
    if (!this.#isInterim) {
      connection.link.counters.replies++
      if (turn === undefined && head.status < 400) connection.recording?.unmatchedAnswer()
      this.#plan = this.#planFor(turn, treatment)
    }
    const plan = this.#isInterim ? undefined : this.#plan
    const collects = plan !== undefined && plan.lost === undefined && plan.whole.length > 0
    const wanted = turn?.routed === undefined ? 0 : keptOfAnswer(turn.routed, head.headers)
    this.#capture.start(collects ? WHOLE_BODY_BYTES : wanted)
    if (treatment === 'swallow' || plan !== undefined || this.#cut.isHeld) {
      intake.settle(bytes, stepAt)
      intake.treatment = treatment === 'swallow' || plan?.lost !== undefined ? 'swallow' : collects ? 'collect' : 'pass'
      this.#treatHead(bytes, stepAt, plan)
    } else intake.treatment = 'pass'
    this.#cut.end()
  }

  /** Swallows answers to copies that the client did not send, and those it must not get. */
  #treatmentOf(turn: HttpTurn): 'pass' | 'swallow' {
    return turn.isDuplicate || this.#connection.isMuted ? 'swallow' : 'pass'
  }

  #planFor(turn: HttpTurn | undefined, treatment: 'pass' | 'swallow'): ReplyPlan | undefined {
    if (turn === undefined || treatment === 'swallow' || turn.replyRules.length === 0 || this.#cut.isPassing)
      return undefined
    return planReply(turn, this.#parser.head.status, this.#connection)
  }

  /** Handles the bytes of a complete head. */
  #treatHead(bytes: Buffer, stepAt: number, plan: ReplyPlan | undefined): void {
    const { carried, offset } = this.#parser
    const intake = this.#intake
    intake.skip(offset)
    if (intake.treatment === 'swallow') return
    const rawHead = Buffer.from(carried.length > 0 ? carried : bytes.subarray(stepAt, offset))
    if (intake.treatment === 'collect') intake.collect(rawHead)
    else if (plan?.delay === undefined) this.outbox.pass(rawHead)
    else {
      this.#gate.close()
      this.#pause.begin(plan.delay.durationMs, plan.delay.rule, () => {
        this.outbox.pass(rawHead)
        this.#gate.open(this)
      })
    }
  }

  #replyRead(bytes: Buffer, time: Nanos): void {
    const connection = this.#connection
    const intake = this.#intake
    if (intake.treatment !== 'pass') intake.settle(bytes, this.#parser.offset)
    const { status, headers } = this.#parser.head
    if (this.#isInterim) return
    const turn = connection.asked.shift()
    // A body that is held, or interpreted later, must not stay in memory that is about to be reused.
    if (intake.treatment === 'collect' || turn?.isWhole === false) this.#capture.release()
    const body = this.#capture.end()
    const plan = this.#plan
    this.#plan = undefined
    if (turn === undefined) return
    const answer: Answer = { status, headers, body }
    turn.answered(time, answer)
    if (turn.switches) connection.requestSide.switchDecided(false)
    if (intake.treatment === 'collect') {
      const raw = intake.takeCollected()
      const content = body !== undefined && 'bytes' in body ? body.bytes : Buffer.alloc(0)
      const reply = { status, headers, body: { bytes: content }, raw, headLength: this.#headLength }
      this.#sender.send(turn, suffer(plan?.whole ?? [], reply, { turn, hasBody: this.#hasBody }), plan?.delay)
    } else if (intake.treatment === 'swallow') this.#swallowed(turn, plan, time)
    else {
      this.outbox.answerEnds(turn, answer, this.#parser.offset - intake.from)
      // Pass on what was read of it before the proxy's own answer, or one that it overtakes.
      if (connection.order[1] !== undefined || this.#sender.isAwaited) intake.settle(bytes, this.#parser.offset)
      this.#sender.overtakes()
      connection.answered(turn)
    }
    intake.treatment = 'pass'
  }

  #swallowed(turn: HttpTurn, plan: ReplyPlan | undefined, time: Nanos): void {
    if (turn.isDuplicate) return
    turn.lostForClient(time, LOST.reply)
    if (plan?.lost !== undefined) turn.silenced = plan.lost.silence
    this.#connection.answered(turn)
  }

  /** The connection changes its protocol with this reply, unless a fault prevents it. */
  #switch(turn: HttpTurn, bytes: Buffer, stepAt: number, time: Nanos): void {
    const connection = this.#connection
    const { head, carried, offset } = this.#parser
    const { isPassing } = this.#cut
    connection.asked.shift()
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
    const reply = { status: head.status, raw, headLength: raw.length }
    const fate = isPassing ? { lost: undefined, delay: undefined, reply } : planUpgrade(turn, reply, connection)
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
    this.#isRefused = !changesProtocol(turn, reply.status)
    // What follows in the same chunk.
    if (lost !== undefined || this.#isRefused) this.#intake.treatment = 'swallow'
    if (lost !== undefined) {
      turn.lostForClient(time, LOST.reply)
      turn.silenced = lost.silence
      connection.requestSide.refuse()
      connection.answered(turn)
      return
    }
    if (reply.raw.length > 0) this.outbox.pass(reply.raw)
    this.outbox.answerEnds(turn, { status: reply.status, headers: undefined, body: undefined })
    if (this.#isRefused) {
      connection.requestSide.refuse()
      connection.close()
    } else {
      connection.recording?.opaque(
        `${turn.method} ${turn.target}, after which another protocol is spoken`,
        'everything',
      )
      connection.answered(turn)
      connection.requestSide.switchDecided(true)
    }
  }

  /** Passes on a message that is too long to hold. */
  #giveUpHolding(): void {
    for (const rule of this.#plan?.whole ?? []) rule.miss(TOO_LONG)
    this.#plan = undefined
    this.#intake.treatment = 'pass'
    this.outbox.pass(this.#intake.takeCollected())
  }

  #malformed(bytes: Buffer, stepAt: number): void {
    const intake = this.#intake
    intake.settle(bytes, stepAt)
    this.#passWhatIsCut()
    this.#opaque = true
    intake.treatment = 'pass'
    this.#connection.repliesMalformed()
  }

  #passWhatIsCut(): void {
    const held = this.#cut.takeHeld(this.#parser.carried)
    if (held !== undefined) this.outbox.pass(held)
    if (this.#intake.treatment === 'collect') this.#giveUpHolding()
  }
}
