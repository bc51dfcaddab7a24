import { RuleList } from '../link/rule-list.ts'
import type { HttpRule } from './http-rule.ts'

export interface HttpStatistics {
  readonly requests: number
  readonly replies: number
  /** How long the replies took together, from the end of the request's head to that of the reply's. */
  readonly waitedMs: number
  /** Connections that stopped being HTTP/1.1, by an upgrade (WebSocket) or because they were malformed. */
  readonly switched: number
  readonly malformed: number
  /** Connections refused with 400 because they were malformed while a fault was in force. */
  readonly refused: number
}

/** One link that carries requests: the faults on it, and its connections. */
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
