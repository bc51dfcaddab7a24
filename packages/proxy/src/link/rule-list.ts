import { type Link, linkName, type Random, type TrafficFault } from '@chaosproxy/faults'
import type { ProxyClock } from './clock.ts'
import type { HitRequest, Rule, Seat, Standing } from './rule.ts'

/** An object on which a link's rules act, such as a connection. */
export interface Carrier<Kind> {
  /** Releases what only the removed rule holds. */
  ruleRemoved(rule: Kind): void
}

/** The rules of one family of faults on a link, in order, and the connections that they affect. */
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

  /** Returns the random stream of a new rule. */
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

/** The caller's handle on a fault, with its counts over all its links. */
export interface Applied<Fault> {
  readonly fault: Fault
  readonly hits: number
  readonly missed: number
  readonly missedBecause: string | undefined
  /** The requests that the fault hit last, oldest first. */
  readonly recent: readonly HitRequest[]
  /** Heals the fault immediately: held traffic is released. */
  remove(): void
}

/** Puts a fault in force on links, with one rule on each link. */
export function applyRules<Fault extends TrafficFault, Kind extends Rule<Fault>>(
  fault: Fault,
  lists: readonly RuleList<Kind>[],
  clock: ProxyClock,
  make: (standing: Standing<Fault>, random: Random) => Kind,
): Applied<Fault> {
  const standing: Standing<Fault> = {
    fault,
    appliedAtMs: clock.nowMs(),
    hits: 0,
    missed: 0,
    missedBecause: undefined,
    recent: [],
  }
  let placed = [...new Set(lists)].map((list) => {
    const rule = make(standing, list.nextRandom())
    list.put(rule)
    return { list, rule }
  })
  return {
    fault,
    get hits() {
      return standing.hits
    },
    get missed() {
      return standing.missed
    },
    get missedBecause() {
      return standing.missedBecause
    },
    get recent() {
      return standing.recent
    },
    remove() {
      const removed = placed
      placed = []
      for (const { list, rule } of removed) list.remove(rule)
    },
  }
}
