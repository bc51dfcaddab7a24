import { RuleList } from '../link/rule-list.ts'
import type { HttpRule } from './http-rule.ts'

export interface HttpStatistics {
  readonly requests: number
  readonly replies: number
  /**
   * The sum of all waits for replies. A wait lasts from the end of the request's head to the end of the reply's head.
   */
  readonly waitedMs: number
  /** Connections that stopped being HTTP/1.1: by an upgrade (WebSocket), or because they were malformed. */
  readonly switched: number
  readonly malformed: number
  /** Connections refused with status 400 because they were malformed while a fault was in force. */
  readonly refused: number
}

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
