import { RuleList } from '../link/rule-list.ts'
import type { MessageRule, Track } from './message-rule.ts'

export interface MessageStatistics {
  /** Whole messages, faulted or not. */
  readonly messages: number
  /** Messages too large to be faulted. */
  readonly oversized: number
  /** Directions of connections that broke the declared framing, and were passed on unchanged from there. */
  readonly unframed: number
}

/** One link with messages: the faults on it, and its connections. */
export class MessageLink extends RuleList<MessageRule> {
  /** The framing of each route that carries the link. */
  readonly tracks: Track[] = []
  messages = 0
  oversized = 0
  unframed = 0

  statistics(): MessageStatistics {
    return { messages: this.messages, oversized: this.oversized, unframed: this.unframed }
  }
}
