import { actsOnReplies, type HttpFault, type Random } from '@chaosproxy/faults'
import { Rule, type Seat, type Standing } from '../link/rule.ts'
import { editReply, type Reply } from './reply.ts'
import { compileMatch, type Judge, type Known } from './request-match.ts'

/** An HTTP/1.1 fault on one link. */
export class HttpRule extends Rule<HttpFault> {
  /** Whether the fault acts on responses instead of requests. */
  readonly actsOnReplies: boolean
  readonly judge: Judge
  /** Whether the fault selects requests by their body. */
  readonly searchesBody: boolean
  /** For `rate-limit`: the number of tokens left, and the time at which they were last refilled. */
  #tokens: number
  #tokensAtMs: number
  /** For `reorder-replies`: the response that waits to be overtaken. */
  waiting: WaitingReply | undefined
  /** For `stale-reply`: the earlier responses. */
  readonly earlier: StaleReplies | undefined

  constructor(standing: Standing<HttpFault>, random: Random) {
    super(standing, random)
    const { fault } = standing
    this.actsOnReplies = actsOnReplies(fault.kind) || (fault.kind === 'error-status' && fault.after === 'forwarding')
    this.judge = compileMatch(fault.match)
    this.searchesBody = fault.match?.body !== undefined || fault.match?.not?.body !== undefined
    this.#tokens = fault.kind === 'rate-limit' ? fault.burst : 0
    this.#tokensAtMs = standing.appliedAtMs
    this.earlier = fault.kind === 'stale-reply' ? new StaleReplies() : undefined
  }

  /** For a fault that needs the whole body: the longest body on which it can act. Undefined for other faults. */
  get mostBodyBytes(): number | undefined {
    const { fault } = this
    if (fault.kind !== 'stale-reply' && fault.kind !== 'duplicate-request') return undefined
    return fault.maxBodyBytes ?? MOST_BODY_BYTES
  }

  /** Whether a request is within the rate. A token bucket allows a burst, then the rate. */
  takesToken({ requestsPerSecond, burst }: { requestsPerSecond: number; burst: number }, nowMs: number): boolean {
    const refilled = this.#tokens + ((nowMs - this.#tokensAtMs) * requestsPerSecond) / 1000
    this.#tokens = Math.min(burst, refilled)
    this.#tokensAtMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

/** A rule that may hit a request or its response. */
export interface Candidate {
  readonly rule: HttpRule
  /**
   * The decision whether the rule hits.
   *
   * - `chosen`: the rule hits.
   * - `open`: the match depends on facts that are not known yet.
   * - `seen`: the rule does not hit, but must see the response.
   */
  readonly state: 'chosen' | 'open' | 'seen'
  /** The start of the request's body. It is kept for a match that also depends on the response. */
  readonly body?: Buffer | undefined
}

/**
 * Decides whether a rule hits a request, as far as the known facts allow. Returns undefined if the rule does not hit
 * the request and need not see its response.
 */
export function candidateFor(rule: HttpRule, known: Known, seat: Seat, nowMs: number): Candidate | undefined {
  const met = rule.judge(known)
  if (met === false) return undefined
  if (met === undefined)
    return { rule, state: 'open', body: known.body === undefined ? undefined : Buffer.from(known.body) }
  if (rule.chooses(seat, nowMs)) return { rule, state: 'chosen' }
  // A `stale-reply` rule must see every response, to have an earlier one to replay.
  return rule.earlier === undefined ? undefined : { rule, state: 'seen' }
}

/** The default limit. */
const MOST_BODY_BYTES = 1024 * 1024

export interface WaitingReply {
  readonly connection: object
  release(): void
}

const MOST_REMEMBERED = 1000
const MOST_REMEMBERED_BYTES = 64 * 1024 * 1024

interface Remembered {
  current: Reply
  previous: Reply | undefined
}

/**
 * Remembers two responses to each request: the current one, and the last one that differed from it. Beyond a limit, the
 * oldest requests are forgotten.
 */
class StaleReplies {
  readonly #answers: Map<string, Remembered> = new Map()
  #bytes = 0

  /**
   * Stores the latest response to a request. Returns the last earlier response to the same request that differed from
   * it, if there is one.
   */
  note(request: string, given: Reply): Reply | undefined {
    const known = this.#answers.get(request)
    if (known !== undefined && known.current.status === given.status && isSame(known.current, given))
      return known.previous
    const reply = given.kind === 'until-close' ? withLength(given) : given
    if (known !== undefined) this.#forget(request, known)
    const remembered = { current: reply, previous: known?.current }
    this.#answers.set(request, remembered)
    this.#bytes += sizeOf(remembered)
    for (const [oldest, answers] of this.#answers) {
      if (this.#answers.size <= MOST_REMEMBERED && this.#bytes <= MOST_REMEMBERED_BYTES) break
      this.#forget(oldest, answers)
    }
    return remembered.previous
  }

  #forget(request: string, answers: Remembered): void {
    this.#answers.delete(request)
    this.#bytes -= sizeOf(answers)
  }
}

const isSame = (one: Reply, other: Reply): boolean => one.body.bytes.equals(other.body.bytes)

/**
 * Returns the size of the raw bytes and of the content. The content may be a part of the raw bytes, and then counts
 * twice.
 */
const sizeOf = ({ current, previous }: Remembered): number =>
  [current, previous].reduce(
    (sum, reply) => sum + (reply === undefined ? 0 : reply.raw.length + reply.body.bytes.length),
    0,
  )

/**
 * Adds a Content-Length to a response that ended with its connection. If it is sent on another connection, its end
 * would be unknown without this header.
 */
function withLength(reply: Reply): Reply {
  const { headers, body } = reply
  const { raw, headLength } = editReply(reply, { headers: { 'Content-Length': String(body.bytes.length) } }, 'GET')
  return { ...reply, raw, headLength, headers, kind: 'sized' }
}
