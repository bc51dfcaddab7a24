import { RuleList } from '../link/rule-list.ts'
import type { HttpRule } from './http-rule.ts'

export interface HttpStatistics {
  readonly requests: number
  readonly replies: number
  /** The total time between the ends of requests' and replies' heads. */
  readonly waitedMs: number
  /** Connections that are no longer HTTP/1.1: upgraded (WebSocket) or malformed. */
  readonly switched: number
  readonly malformed: number
  /** Malformed connections, refused with 400 while a fault was in force. */
  readonly refused: number
}

/** A link that carries requests, with its faults. */
export class HttpLink extends RuleList<HttpRule> {
  readonly counters: { -readonly [name in keyof HttpStatistics]: number } = {
    requests: 0,
    replies: 0,
    waitedMs: 0,
    switched: 0,
    malformed: 0,
    refused: 0,
  }
}
