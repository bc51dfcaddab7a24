import type { Nanos } from '@chaosproxy/history'
import type { Completions } from '../record/call.ts'
import type { Exchange } from '../record/exchange.ts'
import { Fifo } from './fifo.ts'

/** A request before its first byte is sent. */
export interface Unsent {
  readonly exchange: Exchange
  /** The request's offset in the client's stream. */
  readonly startByte: number
}

interface Undelivered {
  readonly exchange: Exchange
  readonly completions: Completions
  /** The offset of the reply's end in the server's stream. */
  readonly endByte: number
}

/** A connection's requests and replies that the proxy has received but not passed on. */
export class Crossings<Request extends Unsent> {
  requestBytes = 0
  replyBytes = 0
  readonly #now: () => Nanos
  readonly #unsent: Fifo<Request> = new Fifo()
  readonly #undelivered: Fifo<Undelivered> = new Fifo()

  constructor(now: () => Nanos) {
    this.#now = now
  }

  begun(request: Request): void {
    this.#unsent.push(request)
  }

  /**
   * @param totalBytes The bytes sent to the server so far.
   *
   * @param forwarded Called for each request whose first byte is now sent.
   */
  sent(totalBytes: number, time: Nanos, forwarded?: (request: Request) => void): void {
    for (;;) {
      const next = this.#unsent.first
      if (next === undefined || next.startByte >= totalBytes) return
      this.#unsent.shift()
      next.exchange.forwarded(time)
      forwarded?.(next)
    }
  }

  /** Notes that a reply ends with the last byte read. */
  answered(exchange: Exchange, completions: Completions): void {
    exchange.answered(this.#now(), completions)
    this.#undelivered.push({ exchange, completions, endByte: this.replyBytes })
  }

  /** @param totalBytes The bytes sent to the client so far. */
  delivered(totalBytes: number): void {
    const time = this.#now()
    for (;;) {
      const next = this.#undelivered.first
      if (next === undefined || next.endByte > totalBytes) return
      this.#undelivered.shift()
      next.exchange.delivered(time, next.completions)
    }
  }

  mayBeRepeated(): void {
    for (const { exchange } of this.#undelivered) exchange.mayBeRepeated()
  }

  /** Notes that nothing more reaches the server. */
  ended(): void {
    this.#unsent.clear()
  }

  /** Notes that neither side will receive anything more. */
  closed(reason: string): void {
    this.#unsent.clear()
    for (const { exchange } of this.#undelivered) exchange.ended(this.#now(), reason)
    this.#undelivered.clear()
  }
}
