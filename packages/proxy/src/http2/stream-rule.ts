import { type Http2Fault, isCounted, isTimely, type Random } from '@chaosproxy/faults'
import { compileHeadMatch, type HeadMatch, type MatchableHead } from '../http/head-match.ts'

/** A fault in force, over all its links. */
export interface StandingHttp2Fault {
  readonly fault: Http2Fault
  readonly appliedAtMs: number
  hits: number
  /** Requests, or responses, of which it cannot be said whether it is for them. */
  missed: number
}

/** A fault on one link. What it counts, it counts over all connections of the link. */
export class StreamRule {
  readonly standing: StandingHttp2Fault
  readonly #random: Random
  readonly #isForHead: HeadMatch
  readonly #streams: Map<number, Random> = new Map()
  #counted = 0

  constructor(standing: StandingHttp2Fault, random: Random) {
    this.standing = standing
    this.#random = random
    this.#isForHead = compileHeadMatch(standing.fault.match)
  }

  /** Whether it may hit a request, or the response to it. Where the head could not be read, only what matches any does. */
  isFor(head: MatchableHead | undefined, client: string): boolean {
    const { fault } = this.standing
    if (fault.match === undefined) return true
    if (head !== undefined) return this.#isForHead(head, client)
    this.standing.missed++
    return false
  }

  /** Whether the fault hits the request, or response, that begins on this connection now. To be asked once for each. */
  strikes(connection: number, nowMs: number): boolean {
    const { fault, appliedAtMs } = this.standing
    const { when = {} } = fault
    if (!isTimely(when, nowMs - appliedAtMs)) return false
    this.#counted++
    if (!isCounted(when, this.#counted)) return false
    if (when.probability !== undefined && !this.randomFor(connection).chance(when.probability)) return false
    this.standing.hits++
    return true
  }

  /** A stream of chance for each connection, that no other shifts. */
  randomFor(connection: number): Random {
    let random = this.#streams.get(connection)
    if (random === undefined) {
      random = this.#random.fork(String(connection))
      this.#streams.set(connection, random)
    }
    return random
  }

  /** The connection is gone. */
  forget(connection: number): void {
    this.#streams.delete(connection)
  }
}
