import { http2Codes } from '@chaos/faults'
import type { ProxyClock } from '../clock.ts'
import type { Direction } from '../framing/framing.ts'
import type { MatchableHead } from '../http/head-match.ts'
import type { Conversation, Interceptor, Stage } from '../interceptor.ts'
import { FLAG, FRAME, goaway, HEADER_BYTES, hasFlag, resetStream, streamOf, typeOf, windowUpdate } from './frames.ts'
import { type FramePlan, Http2Flow } from './http2-flow.ts'
import type { Http2Link } from './http2-link.ts'
import { RequestHeads } from './request-heads.ts'
import type { StreamRule } from './stream-rule.ts'

/** Requests under way on a connection; with more, none is told from another any more. Servers allow hundreds. */
const MOST_STREAMS = 10_000
/** Ended by a fault, and remembered for what is still under way of them. */
const MOST_RESET_STREAMS = 1000

export interface Http2ConnectionOptions {
  readonly conversation: Conversation
  readonly links: { readonly [direction in Direction]: Http2Link }
  readonly clock: ProxyClock
}

interface RequestStream {
  /** Undefined where it could not be read. */
  readonly head: MatchableHead | undefined
  answered: boolean
}

/** A connection of HTTP/2: its streams, and what befalls them. What turns out to be something else is passed as it is. */
export class Http2Connection implements Interceptor {
  readonly requests: Stage
  readonly responses: Stage
  readonly #links: Http2ConnectionOptions['links']
  /** Numbers of this connection on each link. */
  readonly #numbers: { readonly [direction in Direction]: number }
  readonly #clock: ProxyClock
  readonly #flows: { readonly [direction in Direction]: Http2Flow }
  /** Undefined until the client has said its first bytes. */
  #isHttp2: boolean | undefined
  readonly #client: string
  readonly #heads: RequestHeads = new RequestHeads()
  /** Asked and not answered in full. */
  readonly #streams: Map<number, RequestStream> = new Map()
  readonly #resetStreams: Set<number> = new Set()
  #highestStream = 0

  constructor({ conversation, links, clock }: Http2ConnectionOptions) {
    this.#links = links
    this.#clock = clock
    this.#client = conversation.client.host
    this.#numbers = { requests: links.requests.join(this), responses: links.responses.join(this) }
    const flowOf = (direction: Direction): Http2Flow =>
      new Http2Flow({
        direction,
        exit: conversation[direction],
        clock,
        plan: (frame) => this.#plan(direction, frame),
        mayPass: (frame) => this.#mayPass(direction, frame),
        recognised: (isHttp2) => {
          this.#isHttp2 = isHttp2
          if (!isHttp2) this.#flows[direction === 'requests' ? 'responses' : 'requests'].releaseAll()
        },
      })
    this.#flows = { requests: flowOf('requests'), responses: flowOf('responses') }
    this.requests = stageOf(this.#flows.requests, (bytes) =>
      this.#isHttp2 === false ? conversation.requests.pass(bytes) : this.#flows.requests.receive(bytes),
    )
    this.responses = stageOf(this.#flows.responses, (bytes) => {
      if (this.#isHttp2 === true) return this.#flows.responses.receive(bytes)
      // A server may speak before it was spoken to; what it says are frames only if the client's are.
      return this.#isHttp2 === false ? conversation.responses.pass(bytes) : this.#flows.responses.skim(bytes)
    })
    conversation.dial()
  }

  ruleRemoved(rule: StreamRule): void {
    this.#flows.requests.heal(rule)
    this.#flows.responses.heal(rule)
  }

  closed(): void {
    for (const direction of ['requests', 'responses'] as const) {
      this.#flows[direction].stop()
      this.#links[direction].forget(this, this.#numbers[direction])
    }
  }

  #plan(direction: Direction, frame: Buffer): FramePlan | undefined {
    const begun = this.#follow(direction, frame)
    if (begun === undefined) return undefined
    const rules = this.#links[direction].rules.filter(
      (rule) => rule.isFor(begun.head, this.#client) && rule.strikes(this.#numbers[direction], this.#clock.nowMs()),
    )
    return rules.length === 0 ? undefined : this.#planOf(rules, direction, streamOf(frame))
  }

  /** Keeps account of the streams; the one whose request, or response, begins with this frame. */
  #follow(direction: Direction, frame: Buffer): RequestStream | undefined {
    const [type, number] = [typeOf(frame), streamOf(frame)]
    const begun =
      type !== FRAME.headers ? undefined : direction === 'requests' ? this.#ask(frame) : this.#answer(number)
    const carriesEnd = (type === FRAME.headers || type === FRAME.data) && hasFlag(frame, FLAG.endStream)
    if (type === FRAME.resetStream || (direction === 'responses' && carriesEnd)) this.#streams.delete(number)
    return begun
  }

  /** Trailers come in the same frames as what begins a request. */
  #ask(block: Buffer): RequestStream | undefined {
    const head = this.#heads.read(block)
    const number = streamOf(block)
    if (number <= this.#highestStream) return undefined
    this.#highestStream = number
    if (this.#streams.size >= MOST_STREAMS) return undefined
    const stream = { head, answered: false }
    this.#streams.set(number, stream)
    return stream
  }

  #answer(number: number): RequestStream | undefined {
    const stream = this.#streams.get(number)
    if (stream === undefined || stream.answered) return undefined
    stream.answered = true
    return stream
  }

  #planOf(rules: readonly StreamRule[], direction: Direction, stream: number): FramePlan {
    const delayedBy: StreamRule[] = []
    const afterwards: (() => void)[] = []
    let delayMs = 0
    for (const rule of rules) {
      const { fault } = rule.standing
      switch (fault.kind) {
        case 'delay-stream': {
          const random = rule.randomFor(this.#numbers[direction])
          const spreadMs = fault.jitterMs === 0 ? 0 : fault.jitterMs * (2 * random.next() - 1)
          delayMs += Math.max(0, fault.delayMs + spreadMs)
          delayedBy.push(rule)
          break
        }
        case 'reset-stream':
          afterwards.push(() => this.#reset(stream, http2Codes[fault.code]))
          break
        case 'goaway':
          afterwards.push(() => this.#flows.responses.inject(goaway(stream, http2Codes[fault.code])))
          break
        default:
          fault satisfies never
      }
    }
    const then = () => {
      for (const act of afterwards) act()
    }
    return { delayMs, delayedBy, then }
  }

  #reset(stream: number, code: number): void {
    this.#streams.delete(stream)
    this.#resetStreams.add(stream)
    if (this.#resetStreams.size > MOST_RESET_STREAMS)
      for (const oldest of this.#resetStreams) {
        this.#resetStreams.delete(oldest)
        break
      }
    this.#flows.requests.inject(resetStream(stream, http2Codes.CANCEL))
    this.#flows.responses.inject(resetStream(stream, code))
  }

  /** Of a stream that was reset only header blocks go on, since those after them depend on them. */
  #mayPass(direction: Direction, frame: Buffer): boolean {
    const type = typeOf(frame)
    if (this.#resetStreams.size === 0 || !this.#resetStreams.has(streamOf(frame))) return true
    if (type === FRAME.data) {
      // Nobody will ever take these bytes off the connection's window, so that is done here.
      const length = frame.length - HEADER_BYTES
      const sender = direction === 'requests' ? 'responses' : 'requests'
      if (length > 0) this.#flows[sender].inject(windowUpdate(length))
      return false
    }
    return type !== FRAME.resetStream && type !== FRAME.windowUpdate
  }
}

const stageOf = (flow: Http2Flow, receive: (bytes: Buffer) => boolean): Stage => ({
  receive,
  end: () => flow.finish('end'),
  reset: () => flow.finish('reset'),
  delivered: () => undefined,
})
