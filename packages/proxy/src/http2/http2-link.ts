import type { Http2Fault } from '@chaosproxy/faults'
import { CarriedRules, type Carrier, type Standing } from '../link/rule-list.ts'
import { StreamRule } from './stream-rule.ts'

/** One direction between two endpoints: its HTTP/2 faults and the connections they affect. */
export class Http2Link extends CarriedRules<StreamRule> {
  add(standing: Standing<Http2Fault>): StreamRule {
    const rule = new StreamRule(standing, this.nextRandom())
    this.put(rule)
    return rule
  }

  /** Also drops the faults' state for that connection. */
  forget(carrier: Carrier<StreamRule>, number: number): void {
    this.leave(carrier)
    for (const rule of this.rules) rule.forget(number)
  }
}
