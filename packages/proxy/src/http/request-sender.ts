import type { Nanos } from '@chaosproxy/history'
import type { Gate } from './gate.ts'
import type { Pause } from './pause.ts'
import { trickle } from './pause.ts'
import type { WholeMessage } from './reply.ts'
import type { RequestPlan } from './request-fate.ts'
import type { HttpTurn } from './turn.ts'

export interface RequestSenderOptions {
  /** Closed while a request waits, so that later ones wait as well. */
  readonly gate: Gate
  readonly pause: Pause
  now(): Nanos
  /** This request is about to be sent to the server, after all earlier ones. */
  asks(turn: HttpTurn): void
  pass(bytes: Buffer): void
  reopen(): void
}

/** Sends whole requests, one at a time: after a delay, in pieces, or several times. */
export class RequestSender {
  readonly #options: RequestSenderOptions

  constructor(options: RequestSenderOptions) {
    this.#options = options
  }

  send(turn: HttpTurn, message: WholeMessage, plan: RequestPlan): void {
    const { delay } = plan
    if (delay === undefined) this.#sendNow(turn, message, plan)
    else {
      this.#options.gate.close()
      this.#options.pause.begin(delay.durationMs, delay.rule, () => this.#sendNow(turn, message, plan))
    }
  }

  #sendNow(turn: HttpTurn, message: WholeMessage, plan: RequestPlan): void {
    const { gate, pause, now, asks, pass } = this.#options
    const time = now()
    turn.forwarded(time)
    asks(turn)
    const copies = Array.from({ length: plan.copies }, () => turn.duplicate(time))
    if (plan.trickle === undefined) {
      pass(message.raw)
      this.#sent(copies, message.raw)
    } else {
      gate.close()
      trickle(pause, message, plan.trickle, pass, () => this.#sent(copies, message.raw))
    }
  }

  #sent(copies: readonly HttpTurn[], raw: Buffer): void {
    for (const copy of copies) {
      this.#options.asks(copy)
      this.#options.pass(Buffer.from(raw))
    }
    if (this.#options.gate.closed) this.#options.reopen()
  }
}
