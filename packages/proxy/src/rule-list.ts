import type { Random } from '@chaosproxy/faults'

/** Rules of one family of faults on one link: in force in the order they came, each with chance of its own. */
export class RuleList<Rule> {
  /** Replaced, never changed in place. */
  rules: readonly Rule[] = []
  readonly #random: Random
  #added = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Each rule draws from a stream of its own, named by how many came before it. */
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

/** Whoever carries what the rules of a link hit. */
export interface Carrier<Rule> {
  /** What it made wait goes on. */
  ruleRemoved(rule: Rule): void
}

/** The rules of a link that connections carry, each of which is told when one is gone. */
export class CarriedRules<Rule> extends RuleList<Rule> {
  readonly #carriers: Set<Carrier<Rule>> = new Set()
  #connections = 0

  /** The number of the connection among all that the link ever had, from 1. */
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

/** A rule, and the link it is on. */
export interface PlacedRule<Rule> {
  readonly list: RuleList<Rule>
  readonly rule: Rule
}

/** Takes the rules off their links; once more does nothing. */
export function withdrawalOf<Rule>(placed: readonly PlacedRule<Rule>[]): () => void {
  let rules = placed
  return () => {
    const removed = rules
    rules = []
    for (const { list, rule } of removed) list.remove(rule)
  }
}

/** A fault in force, whose hits are counted over all its links together. */
export function appliedTo<Fault, Rule>(
  standing: { readonly fault: Fault; readonly hits: number },
  placed: readonly PlacedRule<Rule>[],
): { readonly fault: Fault; readonly hits: number; remove(): void } {
  return {
    fault: standing.fault,
    get hits() {
      return standing.hits
    },
    remove: withdrawalOf(placed),
  }
}
