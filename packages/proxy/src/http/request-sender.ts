import type { Nanos } from '@chaosproxy/history'
import type { Gate } from './gate.ts'
import type { HttpRule } from './http-rule.ts'
import { type Pause, Pieces } from './pause.ts'
import { editMessage, type Message } from './reply.ts'
import type { RequestPlan } from './request-fate.ts'
import type { HttpTurn } from './turn.ts'

export interface RequestSenderOptions {
  /** The gate is closed while a request waits, so that later requests wait too. */
  readonly gate: Gate
  readonly pause: Pause
  now(): Nanos
  /** Called just before a request is sent to the server. All earlier requests have been sent by then. */
  asks(turn: HttpTurn): void
  pass(bytes: Buffer): void
  isInForce(rule: HttpRule): boolean
  sent(turn: HttpTurn): void
  reopen(): void
}

interface Original {
  readonly copies: number
  readonly head: Buffer
  readonly body: Buffer[]
  bodyBytes: number
}

/** Sends requests one at a time, as their bytes arrive. A request can be delayed, split into pieces or duplicated. */
export class RequestSender {
  readonly #options: RequestSenderOptions
  readonly #pieces: Pieces
  #delay: RequestPlan['delay']
  #head: Buffer | undefined
  #newBody: Buffer | undefined
  #isInPieces = false
  #original: Original | undefined

  constructor(options: RequestSenderOptions) {
    this.#options = options
    this.#pieces = new Pieces(options.pause, (bytes) => options.pass(bytes), options.isInForce)
  }

  begin({ raw, headLength, bodyFollows }: Message, { delay, trickle, copies }: RequestPlan): void {
    const head = raw.subarray(0, headLength)
    this.#delay = delay
    this.#isInPieces = trickle !== undefined
    this.#pieces.begin(trickle)
    this.#original = copies === 0 ? undefined : { copies, head, body: [], bodyBytes: 0 }
    this.#head = copies === 0 ? head : keptOpen(head)
    this.#newBody = bodyFollows ? undefined : raw.subarray(headLength)
    if (this.#newBody !== undefined) this.#keep(this.#newBody)
  }

  get keptBytes(): number {
    return this.#original?.bodyBytes ?? 0
  }

  dropCopies(): void {
    this.#original = undefined
  }

  /** Sends the bytes of the body that have arrived. The gate is closed to later bytes until these are sent. */
  send(turn: HttpTurn, arrived: Buffer, isEnd: boolean): void {
    const { gate, pause } = this.#options
    const isFirst = this.#head !== undefined
    const body = this.#newBody === undefined ? arrived : isFirst ? this.#newBody : NOTHING
    if (this.#newBody === undefined) this.#keep(arrived)
    const delay = this.#delay
    if (delay === undefined) this.#pass(turn, body, isEnd)
    else {
      this.#delay = undefined
      gate.close()
      pause.begin(delay.durationMs, delay.rule, () => this.#pass(turn, body, isEnd))
    }
  }

  #keep(body: Buffer): void {
    if (this.#original === undefined || body.length === 0) return
    this.#original.body.push(body)
    this.#original.bodyBytes += body.length
  }

  #pass(turn: HttpTurn, body: Buffer, isEnd: boolean): void {
    const { gate, now, asks, pass } = this.#options
    const head = this.#head
    this.#head = undefined
    if (head !== undefined) {
      turn.forwarded(now())
      asks(turn)
      if (this.#isInPieces || body.length === 0) pass(head)
      else body = Buffer.concat([head, body])
    }
    if (this.#isInPieces) gate.close()
    this.#pieces.send(body, () => this.#passed(turn, isEnd))
  }

  #passed(turn: HttpTurn, isEnd: boolean): void {
    if (isEnd) {
      const original = this.#original
      this.#original = undefined
      if (original !== undefined) this.#copy(turn, original)
      this.#options.sent(turn)
    }
    if (this.#options.gate.closed) this.#options.reopen()
  }

  #copy(turn: HttpTurn, { copies, head, body }: Original): void {
    const { now, asks, pass } = this.#options
    for (let left = copies; left > 0; left--) {
      asks(turn.duplicate(now()))
      pass(Buffer.concat([left === 1 ? head : keptOpen(head), ...body]))
    }
  }
}

const NOTHING = Buffer.alloc(0)

/** Removes `Connection: close` from the head of a request. Otherwise a server would read nothing after this request. */
function keptOpen(head: Buffer): Buffer {
  const field = /^connection:(.*)\r$/im.exec(head.toString('latin1'))
  if (field === null) return head
  const options = (field[1] ?? '').split(',').map((option) => option.trim())
  const others = options.filter((option) => option.toLowerCase() !== 'close')
  if (others.length === options.length) return head
  const headers = { Connection: others.length === 0 ? null : others.join(', ') }
  const message = { raw: head, headLength: head.length, bodyFollows: true }
  return editMessage(message, { headers, content: 'same' }).message.raw
}
