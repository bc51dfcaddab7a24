import type { Nanos } from '@chaosproxy/history'
import type { Gate } from './gate.ts'
import type { Pause } from './pause.ts'
import { trickle } from './pause.ts'
import { editMessage, type WholeMessage } from './reply.ts'
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

/** A head that was sent before its body had arrived. */
export interface SentHead {
  readonly head: Buffer
  /** Sent in place of the client's body. */
  readonly newBody: Buffer | undefined
  readonly plan: RequestPlan
}

/** Sends requests one at a time: after a delay, in pieces, or several times. */
export class RequestSender {
  readonly #options: RequestSenderOptions

  constructor(options: RequestSenderOptions) {
    this.#options = options
  }

  /** Sends a request that is whole. */
  send(turn: HttpTurn, { raw, headLength }: WholeMessage, plan: RequestPlan): void {
    const head = raw.subarray(0, headLength)
    this.#afterDelay(plan, () => {
      this.#sendHeadNow(turn, head, plan)
      this.sendBody(turn, { head, body: raw.subarray(headLength) }, plan)
    })
  }

  /** Sends the head of a request whose body has not arrived yet. */
  sendHead(turn: HttpTurn, head: Buffer, plan: RequestPlan): void {
    this.#afterDelay(plan, () => {
      this.#sendHeadNow(turn, head, plan)
      this.#reopen()
    })
  }

  /** Sends the body to a head that was sent, and copies of both. */
  sendBody(turn: HttpTurn, message: { readonly head: Buffer; readonly body: Buffer }, plan: RequestPlan): void {
    const { gate, pause, pass } = this.#options
    const { body } = message
    const copies = Array.from({ length: plan.copies }, () => turn.duplicate(this.#options.now()))
    const sent = () => {
      for (const [i, copy] of copies.entries()) {
        const isLast = i === copies.length - 1
        this.#options.asks(copy)
        pass(Buffer.concat([isLast ? message.head : keptOpen(message.head), body]))
      }
      this.#reopen()
    }
    if (plan.trickle === undefined) {
      if (body.length > 0) pass(body)
      sent()
    } else {
      gate.close()
      trickle(pause, body, plan.trickle, pass, sent)
    }
  }

  #afterDelay({ delay }: RequestPlan, then: () => void): void {
    if (delay === undefined) then()
    else {
      this.#options.gate.close()
      this.#options.pause.begin(delay.durationMs, delay.rule, then)
    }
  }

  #sendHeadNow(turn: HttpTurn, head: Buffer, { copies }: RequestPlan): void {
    turn.forwarded(this.#options.now())
    this.#options.asks(turn)
    this.#options.pass(copies > 0 ? keptOpen(head) : head)
  }

  #reopen(): void {
    if (this.#options.gate.closed) this.#options.reopen()
  }
}

/** The same head without `Connection: close`, after which a server reads nothing more. */
function keptOpen(head: Buffer): Buffer {
  const field = /^connection:(.*)\r$/im.exec(head.toString('latin1'))
  if (field === null) return head
  const options = (field[1] ?? '').split(',').map((option) => option.trim())
  const others = options.filter((option) => option.toLowerCase() !== 'close')
  if (others.length === options.length) return head
  const connection = others.length === 0 ? null : others.join(', ')
  return editMessage({ raw: head, headLength: head.length }, { headers: { Connection: connection } }).raw
}
