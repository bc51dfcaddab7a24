import type { ProxyClock } from '../link/clock.ts'
import type { HttpRule } from './http-rule.ts'

/** A wait for one fault, which also ends when the fault is removed. Only one wait at a time. */
export class Pause {
  readonly #clock: ProxyClock
  #rule: HttpRule | undefined
  #end: (() => void) | undefined
  #cancelTimer: (() => void) | undefined

  constructor(clock: ProxyClock) {
    this.#clock = clock
  }

  begin(durationMs: number, rule: HttpRule, then: () => void): void {
    this.#rule = rule
    this.#end = then
    this.#arm(this.#clock.nowMs() + durationMs)
  }

  /** Ends the wait immediately. */
  end(): void {
    const then = this.#end
    this.cancel()
    then?.()
  }

  ruleRemoved(rule: HttpRule): void {
    if (rule === this.#rule) this.end()
  }

  cancel(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#rule = undefined
    this.#end = undefined
  }

  #arm(untilMs: number): void {
    this.#cancelTimer = this.#clock.after(untilMs - this.#clock.nowMs(), () => {
      // A timer may fire slightly early. Then wait again.
      if (this.#clock.nowMs() < untilMs) this.#arm(untilMs)
      else this.end()
    })
  }
}

export interface Trickle {
  readonly pieceBytes: number
  readonly pauseMs: number
  readonly rule: HttpRule
}

/** Passes bodies on as they arrive, with a pause before each piece of a trickled body. */
export class Pieces {
  readonly #pause: Pause
  readonly #pass: (bytes: Buffer) => void
  readonly #isInForce: (rule: HttpRule) => boolean
  #trickle: Trickle | undefined
  #roomBytes = 0

  constructor(pause: Pause, pass: (bytes: Buffer) => void, isInForce: (rule: HttpRule) => boolean) {
    this.#pause = pause
    this.#pass = pass
    this.#isInForce = isInForce
  }

  begin(trickle: Trickle | undefined): void {
    this.#trickle = trickle
    this.#roomBytes = 0
  }

  /** Passes bytes on, then calls `done`. Only one call at a time. */
  send(bytes: Buffer, done: () => void): void {
    const trickle = this.#trickle
    if (bytes.length === 0) done()
    else if (trickle === undefined || !this.#isInForce(trickle.rule)) {
      this.#pass(bytes)
      done()
    } else if (this.#roomBytes === 0) {
      this.#pause.begin(trickle.pauseMs, trickle.rule, () => {
        this.#roomBytes = trickle.pieceBytes
        this.send(bytes, done)
      })
    } else {
      const piece = bytes.subarray(0, this.#roomBytes)
      this.#roomBytes -= piece.length
      this.#pass(piece)
      this.send(bytes.subarray(piece.length), done)
    }
  }
}
