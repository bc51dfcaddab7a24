import { type Link, linkName, type Random } from '@chaosproxy/faults'
import type { Seat } from './rule.ts'

/** A connection, or anything else, that a link's rules act on. */
export interface Carrier<Kind> {
  /** Releases everything that only this rule holds. */
  ruleRemoved(rule: Kind): void
}

/** The rules of one fault family on one link, in the order they were applied, and the connections they act on. */
export class RuleList<Kind> {
  readonly name: string
  /** Replaced, never mutated. */
  rules: readonly Kind[] = []
  readonly #random: Random
  #added = 0
  readonly #carriers: Set<Carrier<Kind>> = new Set()
  #connections = 0

  constructor(link: Link, random: Random) {
    this.name = linkName(link)
    this.#random = random.fork(this.name)
  }

  /** A new random stream for each rule, named by the number of rules before it. */
  nextRandom(): Random {
    this.#added++
    return this.#random.fork(String(this.#added))
  }

  put(rule: Kind): void {
    this.rules = [...this.rules, rule]
  }

  remove(rule: Kind): void {
    this.rules = this.rules.filter((other) => other !== rule)
    for (const carrier of [...this.#carriers]) carrier.ruleRemoved(rule)
  }

  join(carrier: Carrier<Kind>): Seat {
    this.#carriers.add(carrier)
    this.#connections++
    return { number: this.#connections }
  }

  leave(carrier: Carrier<Kind>): void {
    this.#carriers.delete(carrier)
  }
}
