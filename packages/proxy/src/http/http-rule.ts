import { actsOnReplies, type HttpFault, isCounted, isTimely, type Random } from '@chaosproxy/faults'
import { compileHeadMatch, type HeadMatch } from './head-match.ts'
import type { RequestHead } from './request-head.ts'
import { StaleReplies } from './stale-replies.ts'

/** A fault in force. What it counts, it counts over all connections of its links. */
export class HttpRule {
  readonly fault: HttpFault
  /** It is asked once there is an answer, and not before. */
  readonly actsOnReplies: boolean
  readonly #appliedAtMs: number
  readonly #random: Random
  readonly #isForHead: HeadMatch
  readonly #body: Buffer | undefined
  readonly #status: string | undefined
  #matched = 0
  /** How often it bit. */
  hits = 0
  /** Messages that it would have hit, but that were too long to be held. */
  oversized = 0
  /** Of `rate-limit`: what may still come now, and when that was worked out. */
  #tokens: number
  #tokensAtMs: number
  /** Of `reorder-replies`: the one that waits. */
  waiting: WaitingReply | undefined
  /** Of `stale-reply`: what was answered before. */
  readonly earlier: StaleReplies | undefined
  /** Of `stale-reply`: whether the answer that is being read is to be replaced. */
  servesEarlier = false

  constructor(fault: HttpFault, appliedAtMs: number, random: Random) {
    const { match } = fault
    this.fault = fault
    this.actsOnReplies = actsOnReplies(fault.kind) || (fault.kind === 'error-status' && fault.after === 'forwarding')
    this.#appliedAtMs = appliedAtMs
    this.#random = random
    this.#isForHead = compileHeadMatch(match)
    this.#body = match?.body === undefined ? undefined : Buffer.from(match.body)
    this.#status = match?.status?.replace('xx', '')
    this.#tokens = fault.kind === 'rate-limit' ? fault.burst : 0
    this.#tokensAtMs = appliedAtMs
    this.earlier = fault.kind === 'stale-reply' ? new StaleReplies() : undefined
  }

  /** Whether the request may be one of those it is for; its body, and its answer, may still say otherwise. */
  isForHead(head: RequestHead, client: string): boolean {
    return this.#isForHead(head, client)
  }

  /** It can be decided, or done, only once the whole request is here. */
  get needsWholeRequest(): boolean {
    const { kind } = this.fault
    return (
      this.#body !== undefined || kind === 'duplicate-request' || kind === 'edit-request' || kind === 'trickle-request'
    )
  }

  isForBody(body: Buffer | undefined): boolean {
    return this.#body === undefined || body?.includes(this.#body) === true
  }

  isForStatus(status: number): boolean {
    return this.#status === undefined || String(status).startsWith(this.#status)
  }

  /** For the connection of this number: a stream of chance that no other shifts. */
  randomFor(connection: number): Random {
    return this.#random.fork(String(connection))
  }

  /** Whether it hits a request, or an answer, that it is for. To be asked once for each, since it counts. */
  strikes(nowMs: number, random: () => Random): boolean {
    const { when } = this.fault
    if (when !== undefined) {
      if (!isTimely(when, nowMs - this.#appliedAtMs)) return false
      if (!isCounted(when, ++this.#matched)) return false
      if (when.probability !== undefined && !random().chance(when.probability)) return false
    }
    return this.fault.kind !== 'rate-limit' || !this.#takeToken(this.fault, nowMs)
  }

  /** A token bucket: as many at once as the burst, and then at the rate. */
  #takeToken({ requestsPerSecond, burst }: { requestsPerSecond: number; burst: number }, nowMs: number): boolean {
    const refilled = this.#tokens + ((nowMs - this.#tokensAtMs) * requestsPerSecond) / 1000
    this.#tokens = Math.min(burst, refilled)
    this.#tokensAtMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

/** An answer that waits for one of another connection. */
export interface WaitingReply {
  readonly connection: number
  release(): void
}
