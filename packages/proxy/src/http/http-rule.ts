import { actsOnReplies, type HttpFault, type Random, Trigger } from '@chaosproxy/faults'
import type { RequestHead } from '@chaosproxy/wire/http'
import { compileHeadMatch, type HeadMatch } from './head-match.ts'
import { editReply, type Reply } from './reply.ts'

/** A fault in force, with its counts over all connections of its links. */
export class HttpRule {
  readonly fault: HttpFault
  /** Whether it acts on responses instead of requests. */
  readonly actsOnReplies: boolean
  readonly #appliedAtMs: number
  readonly #trigger: Trigger
  readonly #random: Random
  readonly #isForHead: HeadMatch
  readonly #body: Buffer | undefined
  readonly #status: string | undefined
  /** How often it has hit. */
  hits = 0
  readonly #recent: HitRequest[] = []
  /** Requests and responses that it should have hit and could not. */
  missed = 0
  /** The latest reason for a miss. */
  missedBecause: string | undefined
  /** For `rate-limit`: the tokens left, and when they were last refilled. */
  #tokens: number
  #tokensAtMs: number
  /** For `reorder-replies`: the response that waits. */
  waiting: WaitingReply | undefined
  /** For `stale-reply`: earlier responses. */
  readonly earlier: StaleReplies | undefined
  /** For `stale-reply`: whether to replace the response being read. */
  servesEarlier = false

  constructor(fault: HttpFault, appliedAtMs: number, random: Random) {
    const { match } = fault
    this.fault = fault
    this.actsOnReplies = actsOnReplies(fault.kind) || (fault.kind === 'error-status' && fault.after === 'forwarding')
    this.#trigger = new Trigger(fault.when)
    this.#appliedAtMs = appliedAtMs
    this.#random = random
    this.#isForHead = compileHeadMatch(match)
    this.#body = match?.body === undefined ? undefined : Buffer.from(match.body)
    this.#status = match?.status?.replace('xx', '')
    this.#tokens = fault.kind === 'rate-limit' ? fault.burst : 0
    this.#tokensAtMs = appliedAtMs
    this.earlier = fault.kind === 'stale-reply' ? new StaleReplies() : undefined
  }

  /** Whether the request's head matches. The body and the response may still not match. */
  isForHead(head: RequestHead, client: string): boolean {
    return this.#isForHead(head, client)
  }

  /** The longest body that it can act on, if it needs the whole body; undefined if it acts on arriving bytes. */
  get mostBodyBytes(): number | undefined {
    const { fault } = this
    if (fault.kind !== 'stale-reply' && fault.kind !== 'duplicate-request') return undefined
    return fault.maxBodyBytes ?? MOST_BODY_BYTES
  }

  /** Whether it selects by the request's body. */
  get searchesBody(): boolean {
    return this.#body !== undefined
  }

  isForBody(body: Buffer): boolean {
    return this.#body === undefined || body.includes(this.#body)
  }

  isForStatus(status: number): boolean {
    return this.#status === undefined || String(status).startsWith(this.#status)
  }

  /** The independent random stream of the connection with this number. */
  randomFor(connection: number): Random {
    return this.#random.fork(String(connection))
  }

  /** Whether it hits a matching request or response. Call it once for each, because a call counts. */
  strikes(nowMs: number, random: () => Random): boolean {
    if (!this.#trigger.strikes(nowMs - this.#appliedAtMs, () => random().next())) return false
    return this.fault.kind !== 'rate-limit' || !this.#takeToken(this.fault, nowMs)
  }

  hit({ method, target }: { readonly method: string; readonly target: string }): void {
    this.hits++
    this.#recent.push({ number: this.hits, request: `${method} ${target.slice(0, LONGEST_TARGET)}` })
    if (this.#recent.length > MOST_RECENT) this.#recent.shift()
  }

  /** Turns its last hit into a miss: the request or response cannot be hit after all. */
  takeBack(because: string): void {
    this.hits--
    this.#recent.pop()
    this.miss(because)
  }

  /** Counts a request or response that it should have hit and cannot. */
  miss(because: string): void {
    this.missed++
    this.missedBecause = because
  }

  /** The requests that it hit last, oldest first. */
  get recent(): readonly HitRequest[] {
    return this.#recent
  }

  /** A token bucket, which allows a burst and then the rate. */
  #takeToken({ requestsPerSecond, burst }: { requestsPerSecond: number; burst: number }, nowMs: number): boolean {
    const refilled = this.#tokens + ((nowMs - this.#tokensAtMs) * requestsPerSecond) / 1000
    this.#tokens = Math.min(burst, refilled)
    this.#tokensAtMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

/** The default limit. */
const MOST_BODY_BYTES = 1024 * 1024

/** How many of the hit requests a fault keeps, and how much of each. */
const MOST_RECENT = 8
const LONGEST_TARGET = 200

/** A request that a fault hit, directly or through its response. */
export interface HitRequest {
  /** The number of the hit, from 1. */
  readonly number: number
  /** `GET /kv/x`. */
  readonly request: string
}

/** A response that waits for one on another connection. */
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
 * Remembers, for each request, the response from before the last change. Forgets the oldest requests beyond a limit.
 */
class StaleReplies {
  readonly #answers: Map<string, Remembered> = new Map()
  #bytes = 0

  /** Stores a response, and returns the one from before the last change. */
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

/** The raw bytes, and the content, which may be a part of them. */
const sizeOf = ({ current, previous }: Remembered): number =>
  [current, previous].reduce(
    (sum, reply) => sum + (reply === undefined ? 0 : reply.raw.length + reply.body.bytes.length),
    0,
  )

/** A response delimited by the end of its connection would have no end on another one. */
function withLength(reply: Reply): Reply {
  const { headers, body } = reply
  const { raw, headLength } = editReply(reply, { headers: { 'Content-Length': String(body.bytes.length) } }, 'GET')
  return { ...reply, raw, headLength, headers, kind: 'sized' }
}
