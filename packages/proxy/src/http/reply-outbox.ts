import type { Nanos } from '@chaosproxy/history'
import type { Answer } from '@chaosproxy/wire/http'
import type { Exit } from '../interceptor/interceptor.ts'
import type { ProxyClock } from '../link/clock.ts'
import type { HttpTurn } from './turn.ts'

/**
 * The time that a reset waits after the operating system has accepted the last bytes. A reset discards all bytes that
 * the operating system has not sent or the client has not read. The wait lets these bytes be sent and read first. If a
 * client based on libuv finds data and a reset at the same time, it reports an orderly end after the data, instead of
 * the reset.
 */
const SENDING_MS = 50

/** Passes responses to the client, and tracks which the client has received completely. */
export class ReplyOutbox {
  readonly #exit: Exit
  readonly #now: () => Nanos
  /**
   * The responses being sent. A response is complete once the first `atBytes` bytes of the connection have been
   * delivered to the client.
   */
  readonly #underWay: { readonly atBytes: number; readonly turn: HttpTurn; readonly answer: Answer }[] = []
  #passedBytes = 0
  #deliveredBytes = 0
  #cancelWait: (() => void) | undefined

  constructor(exit: Exit, now: () => Nanos) {
    this.#exit = exit
    this.#now = now
  }

  pass(bytes: Buffer): boolean {
    this.#passedBytes += bytes.length
    return this.#exit.pass(bytes)
  }

  /** Notes where a response ends: at the last passed byte, or `laterBytes` after it. */
  answerEnds(turn: HttpTurn, answer: Answer, laterBytes = 0): void {
    this.#underWay.push({ atBytes: this.#passedBytes + laterBytes, turn, answer })
    if (laterBytes === 0) this.delivered(this.#deliveredBytes)
  }

  delivered(totalBytes: number): void {
    this.#deliveredBytes = totalBytes
    for (;;) {
      const next = this.#underWay[0]
      if (next === undefined || next.atBytes > totalBytes) return
      this.#underWay.shift()
      next.turn.delivered(this.#now(), next.answer)
    }
  }

  /** Calls back when all passed bytes have been sent and read, as far as the proxy can know. */
  whenSent(clock: ProxyClock, callback: () => void, isSure: boolean = this.#passedBytes === 0): void {
    const isSent = this.#deliveredBytes >= this.#passedBytes && !this.#exit.congested
    if (isSent && isSure) callback()
    else this.#cancelWait = clock.after(SENDING_MS, () => this.whenSent(clock, callback, isSent))
  }

  /** Reports that the connection has ended, so responses being sent never arrive. */
  closed(time: Nanos, reason: string): void {
    this.#cancelWait?.()
    for (const { turn } of this.#underWay.splice(0)) turn.ended(time, reason)
  }
}
