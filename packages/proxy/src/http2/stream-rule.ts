import type { Http2Fault, Random, UnansweredFault } from '@chaosproxy/faults'
import type { MatchableHead } from '@chaosproxy/wire/http'
import { compileMatch, type Judge } from '../http/request-match.ts'
import { Rule, type Standing } from '../link/rule.ts'

export type StreamFault = Http2Fault | UnansweredFault

export class StreamRule extends Rule<StreamFault> {
  readonly #judge: Judge

  constructor(standing: Standing<StreamFault>, random: Random) {
    super(standing, random)
    this.#judge = compileMatch(standing.fault.match)
  }

  /** Whether the fault applies to a request. Without decoded headers, only a fault without a match applies. */
  isFor(head: MatchableHead | undefined, client: string): boolean {
    if (this.fault.match === undefined) return true
    if (head !== undefined) return this.#judge({ head, client }) === true
    this.miss('the header fields could not be decoded')
    return false
  }
}
