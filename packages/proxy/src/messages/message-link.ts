import type { Link, Random } from '@chaosproxy/faults'
import { linkName } from '@chaosproxy/faults'
import { CarriedRules } from '../rule-list.ts'
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

/** One direction between two endpoints: its message faults, and the connections whose messages they hit. */
export class MessageLink extends CarriedRules<MessageRule> {
  readonly name: string
  /** How its messages are cut: by each route that carries it. */
  readonly tracks: Track[] = []
  messages = 0
  oversized = 0
  unframed = 0

  constructor(link: Link, random: Random) {
    const name = linkName(link)
    super(random.fork(name))
    this.name = name
  }

  add(standing: Standing): MessageRule {
    const rule = new MessageRule(standing, this.nextRandom())
    this.put(rule)
    return rule
  }

  statistics(): MessageStatistics {
    return { messages: this.messages, oversized: this.oversized, unframed: this.unframed }
  }
}
