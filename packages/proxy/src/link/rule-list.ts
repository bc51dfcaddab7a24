import { type Link, linkName, type Random } from '@chaosproxy/faults'

/** The rules of one fault family on one link, in the order they were applied. */
export class RuleList<Rule> {
  /** Replaced, never mutated. */
  rules: readonly Rule[] = []
  readonly #random: Random
  #added = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** A new random stream for each rule, named by the number of rules before it. */
  nextRandom(): Random {
    this.#added++
    return this.#random.fork(String(this.#added))
  }

  put(rule: Rule): void {
    this.rules = [...this.rules, rule]
  }

  remove(rule: Rule): void {
    this.rules = this.rules.filter((other) => other !== rule)
  }
}

/** A connection, or anything else, that a link's rules act on. */
export interface Carrier<Rule> {
  /** Releases everything that only this rule holds. */
  ruleRemoved(rule: Rule): void
}

/** A link's rules and the connections they act on, which learn of a removed rule. */
export class CarriedRules<Rule> extends RuleList<Rule> {
  readonly name: string
  readonly #carriers: Set<Carrier<Rule>> = new Set()
  #connections = 0

  constructor(link: Link, random: Random) {
    const name = linkName(link)
    super(random.fork(name))
    this.name = name
  }

  /** Returns the connection's number among all that the link has had, from 1. */
  join(carrier: Carrier<Rule>): number {
    this.#carriers.add(carrier)
    this.#connections++
    return this.#connections
  }

  leave(carrier: Carrier<Rule>): void {
    this.#carriers.delete(carrier)
  }

  override remove(rule: Rule): void {
    super.remove(rule)
    for (const carrier of [...this.#carriers]) carrier.ruleRemoved(rule)
  }
}

export interface PlacedRule<Rule> {
  readonly list: RuleList<Rule>
  readonly rule: Rule
}

/** Removes the rules from their links. Calling it again does nothing. */
export function withdrawalOf<Rule>(placed: readonly PlacedRule<Rule>[]): () => void {
  let rules = placed
  return () => {
    const removed = rules
    rules = []
    for (const { list, rule } of removed) list.remove(rule)
  }
}

export interface Standing<Fault> {
  readonly fault: Fault
  readonly appliedAtMs: number
  hits: number
  /** How often it was selected but could not hit. */
  missed: number
}

/** The caller's handle on a fault, with counts over all its links. */
export interface Applied<Fault> {
  readonly fault: Fault
  readonly hits: number
  readonly missed: number
  /** The latest reason for a miss. */
  readonly missedBecause: string | undefined
  /** Heals at once: held traffic is released. Further calls do nothing. */
  remove(): void
}

/** @param why The reason for misses of this family. */
export const appliedTo = <Fault, Rule>(
  standing: Standing<Fault>,
  placed: readonly PlacedRule<Rule>[],
  why?: string,
): Applied<Fault> => ({
  fault: standing.fault,
  get hits() {
    return standing.hits
  },
  get missed() {
    return standing.missed
  },
  get missedBecause() {
    return standing.missed === 0 ? undefined : why
  },
  remove: withdrawalOf(placed),
})
