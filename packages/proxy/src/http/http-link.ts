import type { HttpFault, Link, Random } from '@chaos/faults'
import { linkName } from '@chaos/faults'
import { HttpRule } from './http-rule.ts'

/** What one link has carried of HTTP since the faults were made. */
export interface HttpStatistics {
  readonly requests: number
  readonly replies: number
  /** Connections that stopped being HTTP/1.1: by agreement, as WebSocket does, or since they were malformed. */
  readonly switched: number
  readonly malformed: number
  /** Connections that were refused with 400 since they were malformed while a fault was in force. */
  readonly refused: number
}

/** Whoever carries requests of a link, told when a rule is gone. */
export interface HttpCarrier {
  ruleRemoved(rule: HttpRule): void
}

/** The way of requests between two endpoints: its faults, and the connections whose requests they hit. */
export class HttpLink {
  readonly name: string
  /** In force, in the order they came; replaced, never changed in place. */
  rules: readonly HttpRule[] = []
  readonly counters: { -readonly [name in keyof HttpStatistics]: number } = {
    requests: 0,
    replies: 0,
    switched: 0,
    malformed: 0,
    refused: 0,
  }
  readonly #random: Random
  readonly #carriers: Set<HttpCarrier> = new Set()
  #connections = 0
  #added = 0

  constructor(link: Link, random: Random) {
    this.name = linkName(link)
    this.#random = random.fork(this.name)
  }

  /** The number of the connection among all that the link ever had, from 1. */
  join(carrier: HttpCarrier): number {
    this.#carriers.add(carrier)
    this.#connections++
    return this.#connections
  }

  leave(carrier: HttpCarrier): void {
    this.#carriers.delete(carrier)
  }

  /** Each rule draws from a stream of its own, named by how many came before it. */
  createRule(fault: HttpFault, nowMs: number): HttpRule {
    this.#added++
    return new HttpRule(fault, nowMs, this.#random.fork(String(this.#added)))
  }

  remove(rule: HttpRule): void {
    this.rules = this.rules.filter((other) => other !== rule)
    for (const carrier of [...this.#carriers]) carrier.ruleRemoved(rule)
  }
}
