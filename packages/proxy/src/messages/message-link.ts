import type { Link, Random } from '@chaos/faults'
import { linkName } from '@chaos/faults'
import { MessageRule, type Standing, type Track } from './message-rule.ts'

/** What one link has carried of messages since the faults were made. */
export interface MessageStatistics {
  /** Whole ones, hurt or not. */
  readonly messages: number
  /** Those that were too large to be hurt. */
  readonly oversized: number
  /** Directions of connections that turned out not to be framed as was said; from there on they are passed as they are. */
  readonly unframed: number
}

/** Whoever carries messages of a link, told when a rule is gone. */
export interface MessageCarrier {
  ruleRemoved(rule: MessageRule): void
}

/** One direction between two endpoints: its message faults, and the connections whose messages they hit. */
export class MessageLink {
  readonly name: string
  /** In force, in the order they came; replaced, never changed in place. */
  rules: readonly MessageRule[] = []
  /** How its messages are cut: by each route that carries it. */
  readonly tracks: Track[] = []
  messages = 0
  oversized = 0
  unframed = 0
  readonly #random: Random
  readonly #carriers: Set<MessageCarrier> = new Set()
  #connections = 0
  #added = 0

  constructor(link: Link, random: Random) {
    this.name = linkName(link)
    this.#random = random.fork(this.name)
  }

  /** The number of the connection among all that the link ever had, from 1. */
  join(carrier: MessageCarrier): number {
    this.#carriers.add(carrier)
    this.#connections++
    return this.#connections
  }

  leave(carrier: MessageCarrier): void {
    this.#carriers.delete(carrier)
  }

  /** Each rule draws from a stream of its own, named by how many came before it. */
  add(standing: Standing): MessageRule {
    this.#added++
    const rule = new MessageRule(standing, this.#random.fork(String(this.#added)))
    this.rules = [...this.rules, rule]
    return rule
  }

  remove(rule: MessageRule): void {
    this.rules = this.rules.filter((other) => other !== rule)
    for (const carrier of [...this.#carriers]) carrier.ruleRemoved(rule)
  }

  statistics(): MessageStatistics {
    return { messages: this.messages, oversized: this.oversized, unframed: this.unframed }
  }
}
