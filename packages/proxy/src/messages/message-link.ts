import { RuleList } from '../link/rule-list.ts'
import type { MessageRule, Track } from './message-rule.ts'

export interface MessageStatistics {
  /** The number of complete messages, whether or not a fault acted on them. */
  readonly messages: number
  readonly oversized: number
  /** Directions of connections that broke the declared framing, and passed unchanged from then on. */
  readonly unframed: number
}

/** A link that carries messages: the faults on the link, and its connections. */
export class MessageLink extends RuleList<MessageRule> {
  /** The direction and framing of the link on each route. */
  readonly tracks: Track[] = []
  messages = 0
  oversized = 0
  unframed = 0

  statistics(): MessageStatistics {
    return { messages: this.messages, oversized: this.oversized, unframed: this.unframed }
  }
}
