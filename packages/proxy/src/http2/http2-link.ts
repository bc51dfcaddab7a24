import { CarriedRules, type Carrier } from '../rule-list.ts'
import { type StandingHttp2Fault, StreamRule } from './stream-rule.ts'

/** One direction between two endpoints: its faults of HTTP/2, and the connections that they hit. */
export class Http2Link extends CarriedRules<StreamRule> {
  add(standing: StandingHttp2Fault): StreamRule {
    const rule = new StreamRule(standing, this.nextRandom())
    this.put(rule)
    return rule
  }

  /** With what its rules remember of the connection of this number. */
  forget(carrier: Carrier<StreamRule>, number: number): void {
    this.leave(carrier)
    for (const rule of this.rules) rule.forget(number)
  }
}
