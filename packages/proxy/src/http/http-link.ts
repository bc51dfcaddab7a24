import type { Link, Random } from '@chaosproxy/faults'
import { linkName } from '@chaosproxy/faults'
import { CarriedRules } from '../rule-list.ts'
import type { HttpRule } from './http-rule.ts'

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

/** The way of requests between two endpoints: its faults, and the connections whose requests they hit. */
export class HttpLink extends CarriedRules<HttpRule> {
  readonly name: string
  readonly counters: { -readonly [name in keyof HttpStatistics]: number } = {
    requests: 0,
    replies: 0,
    switched: 0,
    malformed: 0,
    refused: 0,
  }

  constructor(link: Link, random: Random) {
    const name = linkName(link)
    super(random.fork(name))
    this.name = name
  }
}
