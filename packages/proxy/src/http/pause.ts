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

/** Passes bytes on in small pieces, each after a pause. */
export function trickle(
  pause: Pause,
  bytes: Buffer,
  options: { readonly pieceBytes: number; readonly pauseMs: number; readonly rule: HttpRule },
  pass: (bytes: Buffer) => void,
  done: () => void,
): void {
  const next = (at: number) => {
    if (at >= bytes.length) done()
    else {
      pause.begin(options.pauseMs, options.rule, () => {
        const end = Math.min(bytes.length, at + options.pieceBytes)
        pass(bytes.subarray(at, end))
        next(end)
      })
    }
  }
  next(0)
}
