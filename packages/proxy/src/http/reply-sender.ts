import type { Answer } from '@chaosproxy/wire/http'
import type { Gate } from './gate.ts'
import type { HttpRule, WaitingReply } from './http-rule.ts'
import { type Pause, Pieces } from './pause.ts'
import type { ReplyFate, ReplyPlan } from './reply-fate.ts'
import type { ReplyOutbox } from './reply-outbox.ts'
import type { SharedConnection } from './shared-connection.ts'
import { type HttpTurn, LOST } from './turn.ts'

export interface ReplySenderOptions {
  readonly connection: SharedConnection
  readonly outbox: ReplyOutbox
  readonly pause: Pause
  /** The gate for responses. It is closed while a response waits, so that later responses wait too. */
  readonly gate: Gate
  readonly reopen: () => void
}

/**
 * What follows a part of a response: `more` parts, a `reset` of the connection, or nothing. If nothing follows, the
 * value is the `Answer` of the complete response.
 */
export type After = 'more' | 'reset' | Answer

interface Waiting {
  readonly rule: HttpRule
  readonly reply: WaitingReply
}

/** Sends one response at a time as its parts arrive: after a delay, in pieces, or truncated. */
export class ReplySender {
  readonly #options: ReplySenderOptions
  readonly #pieces: Pieces
  #fate: ReplyFate | undefined
  #delay: ReplyPlan['delay']
  #beginning: Buffer | undefined
  #waiting: Waiting | undefined

  constructor(options: ReplySenderOptions) {
    const { connection, outbox, pause } = options
    this.#options = options
    this.#pieces = new Pieces(
      pause,
      (bytes) => void outbox.pass(bytes),
      (rule) => connection.link.rules.includes(rule),
    )
  }

  begin(fate: ReplyFate, delay: ReplyPlan['delay']): void {
    this.#fate = fate
    this.#delay = delay
    this.#beginning = fate.reply.raw
    this.#pieces.begin(fate.trickle)
  }

  /** Sends the bytes that have arrived. The gate is closed to later responses until these bytes are sent. */
  send(turn: HttpTurn, bytes: Buffer, after: After): void {
    const { gate, pause } = this.#options
    const delay = this.#delay
    if (delay !== undefined) {
      this.#delay = undefined
      gate.close()
      pause.begin(delay.durationMs, delay.rule, () => this.send(turn, bytes, after))
    } else if (this.#beginning !== undefined && this.#fate?.reorder !== undefined)
      this.#sendAfterAnother(turn, bytes, after, this.#fate.reorder)
    else this.#pass(turn, bytes, after)
  }

  /** Whether a response on another connection waits to be overtaken. */
  get isAwaited(): boolean {
    const { connection } = this.#options
    return connection.link.rules.some(({ waiting }) => waiting !== undefined && waiting.connection !== connection)
  }

  /**
   * Releases the responses that were held until a response on another connection was sent. Called after each whole
   * response.
   */
  overtakes(): void {
    const { connection } = this.#options
    for (const rule of connection.link.rules) {
      const { waiting } = rule
      if (waiting === undefined || waiting.connection === connection) continue
      rule.hit()
      rule.waiting = undefined
      waiting.release()
    }
  }

  closed(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined && waiting.rule.waiting === waiting.reply) waiting.rule.waiting = undefined
  }

  /**
   * Holds a response until a response on another connection overtakes it. If another response already waits for this
   * rule, this response passes.
   */
  #sendAfterAnother(
    turn: HttpTurn,
    bytes: Buffer,
    after: After,
    { withinMs, rule }: NonNullable<ReplyFate['reorder']>,
  ): void {
    const { connection, gate, pause } = this.#options
    if (rule.waiting !== undefined) {
      this.#pass(turn, bytes, after)
      return
    }
    gate.close()
    const waiting: Waiting = { rule, reply: { connection, release: () => this.#overtaken(waiting) } }
    this.#waiting = waiting
    rule.waiting = waiting.reply
    pause.begin(withinMs, rule, () => {
      this.closed()
      this.#pass(turn, bytes, after)
    })
  }

  /**
   * Passes the held response on, after a response on another connection has overtaken it. Waits until the other
   * connection has handled its current chunk, so that all steps of this chunk have the same time.
   */
  #overtaken(waiting: Waiting): void {
    queueMicrotask(() => {
      if (this.#waiting === waiting) this.#options.pause.end()
    })
  }

  #pass(turn: HttpTurn, bytes: Buffer, after: After): void {
    const { outbox, gate } = this.#options
    const beginning = this.#beginning
    const headLength = this.#fate?.reply.headLength ?? 0
    const isInPieces = this.#fate?.trickle !== undefined
    this.#beginning = undefined
    let body = bytes
    if (beginning !== undefined && isInPieces) {
      outbox.pass(beginning.subarray(0, headLength))
      body = joined(beginning.subarray(headLength), bytes)
    } else if (beginning !== undefined) body = joined(beginning, bytes)
    if (isInPieces) gate.close()
    this.#pieces.send(body, () => this.#passed(turn, after))
  }

  #passed(turn: HttpTurn, after: After): void {
    const { connection, outbox, gate, reopen } = this.#options
    if (after === 'reset') {
      gate.close()
      turn.lostForClient(connection.now(), LOST.connection)
      outbox.whenSent(connection.clock, () => {
        turn.silenced = 'reset'
        connection.answered(turn)
      })
      return
    }
    if (after !== 'more') {
      outbox.answerEnds(turn, after)
      this.overtakes()
      connection.answered(turn)
    }
    if (gate.closed) reopen()
  }
}

const joined = (one: Buffer, other: Buffer): Buffer =>
  one.length === 0 ? other : other.length === 0 ? one : Buffer.concat([one, other])
