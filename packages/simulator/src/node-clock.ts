import { type Millis, millis, type Nanos } from '@chaosproxy/history'

export interface ClockFault {
  readonly offsetMs: Millis
  /** How much too fast it runs, in parts per million. */
  readonly driftPpm: number
  readonly since: Nanos
}

/** A node's own clock: ahead of true time by its fixed offset and by the faults in force. */
export class NodeClock {
  readonly #faults: ClockFault[] = []
  /** Local seconds per true second. */
  rate = 1
  /** The monotonic clock's reading at the last change of rate, and the time of that. */
  #steadyMs = 0
  #since = 0

  read(now: Nanos): Millis {
    let local = now / 1e6
    if (this.#faults.length === 0) return millis(local)
    for (const { offsetMs, driftPpm, since } of this.#faults) local += offsetMs + (driftPpm * (now - since)) / 1e12
    return millis(local)
  }

  /** Never jumps: runs at this clock's rate. */
  steady(now: Nanos): Millis {
    return millis(this.#steadyMs + ((now - this.#since) * this.rate) / 1e6)
  }

  add(fault: ClockFault, now: Nanos): void {
    this.#faults.push(fault)
    this.#setRate(now)
  }

  /** Undoes this fault's whole deviation at once. */
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

/** Several drifts together may slow a clock, but never stop it or turn it back. */
const SLOWEST = 0.01
