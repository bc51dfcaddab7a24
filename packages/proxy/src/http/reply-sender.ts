import type { Gate } from './gate.ts'
import type { HttpRule } from './http-rule.ts'
import type { Pause } from './pause.ts'
import { trickle } from './pause.ts'
import type { ReplyFate, ReplyPlan } from './reply-fate.ts'
import type { ReplyOutbox } from './reply-outbox.ts'
import type { SharedConnection } from './shared-connection.ts'
import type { HttpTurn } from './turn.ts'
import { LOST } from './turn.ts'

export interface ReplySenderOptions {
  readonly connection: SharedConnection
  readonly outbox: ReplyOutbox
  readonly pause: Pause
  /** Closed while an answer waits, so that later ones wait as well. */
  readonly gate: Gate
  readonly reopen: () => void
}

/** Sends whole answers, one at a time: after a delay, after another connection's answer, in pieces, or truncated. */
export class ReplySender {
  readonly #options: ReplySenderOptions
  /** The rule that makes an answer wait for another connection's. */
  #waitsBy: HttpRule | undefined

  constructor(options: ReplySenderOptions) {
    this.#options = options
  }

  send(turn: HttpTurn, fate: ReplyFate, delay: ReplyPlan['delay']): void {
    if (delay !== undefined) this.#sendLater(turn, fate, delay)
    else if (fate.reorder !== undefined) this.#sendAfterAnother(turn, fate, fate.reorder)
    else if (fate.truncateAt !== undefined) this.#sendPart(turn, fate, fate.truncateAt)
    else if (fate.trickle !== undefined) this.#sendInPieces(turn, fate, fate.trickle)
    else {
      this.#options.outbox.pass(fate.reply.raw)
      this.#options.outbox.answerEnds(turn, fate.reply)
      this.overtakes()
      this.#sent(turn)
    }
  }

  /** Whether an answer of another connection waits for one to overtake it. */
  get isAwaited(): boolean {
    const { connection } = this.#options
    return connection.link.rules.some(({ waiting }) => waiting !== undefined && waiting.connection !== connection)
  }

  /** A whole answer was sent: another connection's that waits to be overtaken has been, whichever request this is to. */
  overtakes(): void {
    const { connection } = this.#options
    for (const rule of connection.link.rules) {
      const { waiting } = rule
      if (waiting === undefined || waiting.connection === connection) continue
      rule.hits++
      waiting.release()
    }
  }

  closed(): void {
    if (this.#waitsBy !== undefined) this.#waitsBy.waiting = undefined
    this.#waitsBy = undefined
  }

  #sendLater(turn: HttpTurn, fate: ReplyFate, { durationMs, rule }: NonNullable<ReplyPlan['delay']>): void {
    this.#options.gate.close()
    this.#options.pause.begin(durationMs, rule, () => this.send(turn, fate, undefined))
  }

  /** Holds a response until another has passed it; others pass while it waits. */
  #sendAfterAnother(turn: HttpTurn, fate: ReplyFate, { withinMs, rule }: NonNullable<ReplyFate['reorder']>): void {
    const { connection, gate, pause } = this.#options
    const onward = { ...fate, reorder: undefined }
    if (rule.waiting !== undefined) {
      this.send(turn, onward, undefined)
      return
    }
    gate.close()
    this.#waitsBy = rule
    rule.waiting = { connection, release: () => pause.end() }
    pause.begin(withinMs, rule, () => {
      this.closed()
      this.send(turn, onward, undefined)
    })
  }

  #sendPart(turn: HttpTurn, { reply }: ReplyFate, truncateAt: number): void {
    const { connection, outbox } = this.#options
    outbox.pass(reply.raw.subarray(0, truncateAt))
    turn.silenced = 'reset'
    turn.lostForClient(connection.now(), LOST.connection)
    this.#sent(turn)
  }

  #sendInPieces(turn: HttpTurn, { reply }: ReplyFate, pieces: NonNullable<ReplyFate['trickle']>): void {
    const { outbox, pause, gate } = this.#options
    const pass = (bytes: Buffer) => void outbox.pass(bytes)
    gate.close()
    pass(reply.raw.subarray(0, reply.headLength))
    trickle(pause, reply.raw.subarray(reply.headLength), pieces, pass, () => {
      outbox.answerEnds(turn, reply)
      this.overtakes()
      this.#sent(turn)
    })
  }

  #sent(turn: HttpTurn): void {
    const { connection, gate, reopen } = this.#options
    connection.answered(turn)
    if (gate.closed) reopen()
  }
}
