import type { ProxyClock } from '../link/clock.ts'
import type { HttpRule } from './http-rule.ts'

/** A wait that a rule demands, which also ends when that rule is removed. One at a time. */
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

  /** Ends it now. */
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
      // Timers may fire slightly early.
      if (this.#clock.nowMs() < untilMs) this.#arm(untilMs)
      else this.end()
    })
  }
}

/** Passes a message on in small pieces: the head at once, then each piece of the body after a pause. */
export function trickle(
  pause: Pause,
  message: { readonly raw: Buffer; readonly headLength: number },
  options: { readonly pieceBytes: number; readonly pauseMs: number; readonly rule: HttpRule },
  pass: (bytes: Buffer) => void,
  done: () => void,
): void {
  const { raw, headLength } = message
  pass(raw.subarray(0, headLength))
  const next = (at: number) => {
    if (at >= raw.length) done()
    else {
      pause.begin(options.pauseMs, options.rule, () => {
        const end = Math.min(raw.length, at + options.pieceBytes)
        pass(raw.subarray(at, end))
        next(end)
      })
    }
  }
  next(headLength)
}
