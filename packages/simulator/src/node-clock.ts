import { type Millis, millis, type Nanos } from '@chaosproxy/history'

export interface ClockFault {
  readonly offsetMs: Millis
  /** How much too fast the clock runs, in parts per million. */
  readonly driftPpm: number
  readonly since: Nanos
}

/** The clock of a node: it deviates from true time by the offsets and drifts of the clock faults in effect. */
export class NodeClock {
  readonly #faults: ClockFault[] = []
  /** Local seconds per true second. */
  rate = 1
  /**
   * The reading of the monotonic clock at the last change of rate (`#steadyMs`), and the time of that change
   * (`#since`).
   */
  #steadyMs = 0
  #since = 0

  read(now: Nanos): Millis {
    let local = now / 1e6
    if (this.#faults.length === 0) return millis(local)
    for (const { offsetMs, driftPpm, since } of this.#faults) local += offsetMs + (driftPpm * (now - since)) / 1e12
    return millis(local)
  }

  /** Returns the time by the node's monotonic clock, which never jumps and runs at this clock's rate. */
  steady(now: Nanos): Millis {
    return millis(this.#steadyMs + ((now - this.#since) * this.rate) / 1e6)
  }

  add(fault: ClockFault, now: Nanos): void {
    this.#faults.push(fault)
    this.#setRate(now)
  }

  /** Removes the whole deviation of a fault immediately. */
  remove(fault: ClockFault, now: Nanos): void {
    const at = this.#faults.indexOf(fault)
    if (at >= 0) this.#faults.splice(at, 1)
    this.#setRate(now)
  }

  #setRate(now: Nanos): void {
    this.#steadyMs = this.steady(now)
    this.#since = now
    const driftPpm = this.#faults.reduce((sum, fault) => sum + fault.driftPpm, 0)
    this.rate = Math.max(SLOWEST, 1 + driftPpm / 1e6)
  }
}

/** The minimum rate: several drifts together may slow a clock, but never stop or reverse it. */
const SLOWEST = 0.01
