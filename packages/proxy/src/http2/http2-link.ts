import type { Random } from '@chaos/faults'
import { type StandingHttp2Fault, StreamRule } from './stream-rule.ts'

/** A connection, as its links see it. */
export interface StreamCarrier {
  heal(rule: StreamRule): void
}

/** One direction between two endpoints: its faults of HTTP/2, and the connections that they hit. */
export class Http2Link {
  /** In force, in the order they came; replaced, never changed in place. */
  rules: readonly StreamRule[] = []
  readonly #random: Random
  readonly #carriers: Set<StreamCarrier> = new Set()
  #connections = 0
  #added = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** The number of the connection among all that the link ever had, from 1. */
  join(carrier: StreamCarrier): number {
    this.#carriers.add(carrier)
    this.#connections++
    return this.#connections
  }

  leave(carrier: StreamCarrier, number: number): void {
    this.#carriers.delete(carrier)
    for (const rule of this.rules) rule.forget(number)
  }

  /** Each rule draws from a stream of its own, named by how many came before it. */
  add(standing: StandingHttp2Fault): StreamRule {
    this.#added++
    const rule = new StreamRule(standing, this.#random.fork(String(this.#added)))
    this.rules = [...this.rules, rule]
    return rule
  }

  remove(rule: StreamRule): void {
    this.rules = this.rules.filter((other) => other !== rule)
    for (const carrier of [...this.#carriers]) carrier.heal(rule)
  }
}
