import { type Http2Fault, type Random, Trigger } from '@chaosproxy/faults'
import type { MatchableHead } from '@chaosproxy/wire/http'
import { compileHeadMatch, type HeadMatch } from '../http/head-match.ts'
import type { Standing } from '../link/rule-list.ts'

/** A fault on one link. Its counters span all connections of the link. */
export class StreamRule {
  readonly standing: Standing<Http2Fault>
  readonly #random: Random
  readonly #isForHead: HeadMatch
  readonly #trigger: Trigger
  readonly #streams: Map<number, Random> = new Map()

  constructor(standing: Standing<Http2Fault>, random: Random) {
    this.standing = standing
    this.#random = random
    this.#isForHead = compileHeadMatch(standing.fault.match)
    this.#trigger = new Trigger(standing.fault.when)
  }

  /**
   * Whether the fault applies to a request and its response. Without readable headers, only a fault that matches
   * everything applies.
   */
  isFor(head: MatchableHead | undefined, client: string): boolean {
    const { fault } = this.standing
    if (fault.match === undefined) return true
    if (head !== undefined) return this.#isForHead(head, client)
    this.standing.missed++
    return false
  }

  /** Whether the fault hits the request or response that begins now on this connection. Call once for each. */
  strikes(connection: number, nowMs: number): boolean {
    if (!this.#trigger.strikes(nowMs - this.standing.appliedAtMs, () => this.randomFor(connection).next())) return false
    this.standing.hits++
    return true
  }

  /** Counts its last hit as a miss. */
  takeBack(): void {
    this.standing.hits--
    this.standing.missed++
  }

  /** A random stream per connection, so that connections do not affect each other's draws. */
  randomFor(connection: number): Random {
    let random = this.#streams.get(connection)
    if (random === undefined) {
      random = this.#random.fork(String(connection))
      this.#streams.set(connection, random)
    }
    return random
  }

  /** Drops the state of a closed connection. */
  forget(connection: number): void {
    this.#streams.delete(connection)
  }
}
