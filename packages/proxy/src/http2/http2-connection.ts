import { type Http2Fault, http2Codes } from '@chaosproxy/faults'
import type { Direction } from '@chaosproxy/wire'
import type { MatchableHead } from '@chaosproxy/wire/http'
import {
  dataFrame,
  dataOf,
  endsStream,
  FRAME,
  goaway,
  HEADER_BYTES,
  HeaderReader,
  isHeaderPart,
  lastHeaders,
  resetStream,
  streamOf,
  typeOf,
  windowUpdate,
} from '@chaosproxy/wire/http2'
import type { RecordQueue } from '../http/http-connection.ts'
import { clockWithin } from '../interceptor/boundary.ts'
import type { Conversation, Interceptor, Stage } from '../interceptor/interceptor.ts'
import type { ProxyClock } from '../link/clock.ts'
import { carryOut, type Effect, type Seat } from '../link/rule.ts'
import type { RuleList } from '../link/rule-list.ts'
import { type FramePlan, Http2Flow } from './http2-flow.ts'
import type { Http2Recording } from './http2-recording.ts'
import { StreamNumbers } from './stream-numbers.ts'
import type { StreamRule } from './stream-rule.ts'
import { type MessageCount, type WithheldReply, withheldReply, withholdingOf } from './withheld-reply.ts'

/**
 * The maximum number of requests that are tracked on a connection at a time. Further requests pass untracked. Servers
 * allow hundreds of requests at a time.
 */
const MOST_STREAMS = 10_000
/** Maximum number of reset streams that a connection remembers. Frames of these streams may still arrive. */
const MOST_RESET_STREAMS = 1000

export interface Http2ConnectionOptions {
  readonly conversation: Conversation
  readonly links: { readonly [direction in Direction]: RuleList<StreamRule> }
  readonly clock: ProxyClock
  readonly recording?: Http2Recording | undefined
  /** The record's queues. While a queue is congested, no requests are read. */
  readonly queues?: readonly RecordQueue[] | undefined
}

interface RequestStream {
  /** Set if the client gets nothing of the reply, or only its start. */
  withheld?: WithheldReply | undefined
  readonly head: MatchableHead | undefined
  answered: boolean
}

/** An HTTP/2 connection: tracks its streams and applies faults. Bytes that are not HTTP/2 pass unchanged. */
export class Http2Connection implements Interceptor {
  readonly requests: Stage
  readonly responses: Stage
  readonly #links: Http2ConnectionOptions['links']
  readonly #seats: { readonly [direction in Direction]: Seat }
  readonly #clock: ProxyClock
  readonly #flows: { readonly [direction in Direction]: Http2Flow }
  /** Whether the connection is HTTP/2. Undefined until the client has sent enough bytes to decide. */
  #isHttp2: boolean | undefined
  readonly #client: string
  readonly #abort: () => void
  readonly #guard: Conversation['guard']
  readonly #heads: { readonly [direction in Direction]: HeaderReader } = {
    requests: new HeaderReader(),
    responses: new HeaderReader(),
  }
  readonly #numbersAtServer: StreamNumbers = new StreamNumbers()
  readonly #recording: Http2Recording | undefined
  readonly #queues: readonly RecordQueue[]
  /** Requests without a complete response, by stream. */
  readonly #streams: Map<number, RequestStream> = new Map()
  readonly #resetStreams: Set<number> = new Set()
  #highestStream = 0
  #isInterim = false

  constructor({ conversation, links, clock, recording, queues = [] }: Http2ConnectionOptions) {
    this.#links = links
    this.#clock = clockWithin(conversation, clock)
    this.#recording = recording
    this.#queues = queues
    this.#client = conversation.client.host
    this.#abort = () => conversation.abort()
    this.#guard = conversation.guard
    this.#seats = { requests: links.requests.join(this), responses: links.responses.join(this) }
    this.#flows = {
      requests: this.#flowOf('requests', conversation),
      responses: this.#flowOf('responses', conversation),
    }
    this.requests = this.#requestStage(conversation)
    this.responses = this.#responseStage(conversation)
    conversation.dial()
  }

  #flowOf(direction: Direction, conversation: Conversation): Http2Flow {
    const recording = this.#recording
    return new Http2Flow({
      direction,
      exit: conversation[direction],
      clock: this.#clock,
      plan: (frame) => this.#plan(direction, frame),
      plain: (block) => this.#heads[direction].plain(block),
      undecodable: () => conversation.abort(),
      received: (frame) =>
        direction === 'requests' ? this.#numbersAtServer.arrived(frame) : this.#numbersAtServer.toClient(frame),
      translated: (frame) => (direction === 'requests' ? this.#numbersAtServer.toServer(frame) : frame),
      mayPass: (frame) => this.#mayPass(direction, frame),
      passed:
        recording === undefined
          ? undefined
          : direction === 'requests'
            ? (frame, startByte) => recording.requestPassed(frame, startByte)
            : (frame, startByte) => recording.answerPassed(frame, startByte + frame.length),
      recognised: (isHttp2) => {
        this.#isHttp2 = isHttp2
        if (!isHttp2) recording?.opaque()
      },
    })
  }

  #requestStage(conversation: Conversation): Stage {
    const flow = this.#flows.requests
    const recording = this.#recording
    return {
      receive: (bytes) => {
        if (this.#isHttp2 === false) return conversation.requests.pass(bytes)
        recording?.beginChunk()
        const free = flow.receive(bytes)
        recording?.endChunk()
        this.#holdUpIfBehind()
        return free
      },
      end: () => flow.finish('end'),
      reset: () => flow.finish('reset'),
      delivered: (totalBytes) => recording?.requestsDelivered(totalBytes),
      altered: () => recording?.requestsAltered(),
    }
  }

  #responseStage(conversation: Conversation): Stage {
    const flow = this.#flows.responses
    const recording = this.#recording
    const finish = (ending: 'end' | 'reset'): void => {
      recording?.serverGone()
      flow.finish(ending)
    }
    return {
      receive: (bytes) => {
        // The server may send first. Only the client's bytes show whether the connection is HTTP/2.
        if (this.#isHttp2 === undefined) return flow.skim(bytes)
        if (!this.#isHttp2) return conversation.responses.pass(bytes)
        recording?.beginChunk()
        const free = flow.receive(bytes)
        recording?.endChunk()
        return free
      },
      end: () => finish('end'),
      reset: () => finish('reset'),
      delivered: (totalBytes) => recording?.answersDelivered(totalBytes),
    }
  }

  ruleRemoved(rule: StreamRule): void {
    this.#guard(() => {
      this.#flows.requests.heal(rule)
      this.#flows.responses.heal(rule)
    })
  }

  closed(): void {
    for (const direction of ['requests', 'responses'] as const) {
      this.#flows[direction].stop()
      this.#links[direction].leave(this)
    }
    this.#recording?.closed()
  }

  failed(error: unknown): void {
    this.#recording?.failed(error)
  }

  #holdUpIfBehind(): void {
    for (const queue of this.#queues) {
      if (!queue.congested) continue
      this.#flows.requests.setStopped(true)
      queue.whenRelieved(() => this.#flows.requests.setStopped(this.#queues.some(({ congested }) => congested)))
    }
  }

  #plan(direction: Direction, frame: Buffer): FramePlan | undefined {
    const answered = direction === 'responses' ? this.#streams.get(streamOf(frame)) : undefined
    const plan = this.#planFor(direction, frame)
    return answered?.withheld === undefined ? plan : (this.#withhold(answered.withheld, frame) ?? plan)
  }

  #planFor(direction: Direction, frame: Buffer): FramePlan | undefined {
    const begun = this.#follow(direction, frame)
    if (begun === undefined) return undefined
    const rules = this.#links[direction].rules.filter(
      (rule) => rule.isFor(begun.head, this.#client) && rule.chooses(this.#seats[direction], this.#clock.nowMs()),
    )
    return rules.length === 0 ? undefined : this.#planOf(rules, direction, streamOf(frame), begun)
  }

  /** Tracks streams. Returns the stream whose request or response begins with this frame. */
  #follow(direction: Direction, frame: Buffer): RequestStream | undefined {
    const [type, number] = [typeOf(frame), streamOf(frame)]
    if (direction === 'responses' && isHeaderPart(type)) this.#readAnswerHead(frame)
    const begun =
      direction === 'requests' ? this.#ask(frame) : type === FRAME.headers ? this.#answer(number) : undefined
    if (direction === 'responses') this.#recording?.answerArrived(frame)
    if (type === FRAME.resetStream || (direction === 'responses' && endsStream(frame))) this.#streams.delete(number)
    return begun
  }

  /** Reads the head of a request. A HEADERS frame may also hold trailers. */
  #ask(frame: Buffer): RequestStream | undefined {
    const isBlock = typeOf(frame) === FRAME.headers
    const head = isBlock ? this.#readHead(frame) : undefined
    this.#recording?.requestArrived(frame, head)
    return isBlock ? this.#begin(streamOf(frame), head) : undefined
  }

  /** Decodes a block only if a fault needs its content, or if blocks are sent out of order. */
  #readAnswerHead(block: Buffer): void {
    const isWithheld = this.#streams.get(streamOf(block))?.withheld !== undefined
    const isWanted = this.#flows.responses.isPlain || this.#links.responses.rules.length > 0 || isWithheld
    if (isWanted) this.#isInterim = isInterim(this.#heads.responses.read(block)?.get(':status'))
    else this.#heads.responses.skip(block)
  }

  #readHead(block: Buffer): MatchableHead | undefined {
    const headers = this.#heads.requests.read(block)
    if (headers === undefined) return undefined
    return { method: headers.get(':method') ?? '', target: headers.get(':path') ?? '', headers }
  }

  #begin(number: number, head: MatchableHead | undefined): RequestStream | undefined {
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

  #planOf(rules: readonly StreamRule[], direction: Direction, stream: number, begun: RequestStream): FramePlan {
    const delayedBy: StreamRule[] = []
    const afterwards: (() => void)[] = []
    let delayMs = 0
    let isEnded = false
    const end = (act: () => void): Effect => {
      if (isEnded) return 'none'
      isEnded = true
      afterwards.push(act)
      return 'acts'
    }
    carryOut(rules, (rule) => {
      const { fault } = rule
      const withholding = withholdingOf(rule)
      if (withholding !== undefined) {
        begun.withheld ??= withheldReply(rule, withholding)
        // The fault acts once the server has replied.
        return 'none'
      }
      switch (fault.kind) {
        case 'delay-stream':
          delayMs += rule.drawDelayMs(fault, this.#seats[direction])
          delayedBy.push(rule)
          return 'acts'
        case 'reset-stream':
          return end(() => this.#reset(stream, http2Codes[fault.code]))
        case 'grpc-status':
          return end(() => {
            if (!this.#endCall(stream, fault, direction === 'responses')) rule.takeBack('the reply was complete')
          })
        case 'goaway':
          afterwards.push(() => this.#flows.responses.inject(goaway(stream, http2Codes[fault.code])))
          return 'acts'
        default:
          return 'none'
      }
    })
    const then = () => {
      for (const act of afterwards) act()
    }
    return { delayMs, delayedBy, then }
  }

  /** Returns what to do with a frame of a reply that a fault withholds. Undefined if the frame is passed on. */
  #withhold(withheld: WithheldReply, frame: Buffer): FramePlan | undefined {
    const { fault, rule, messages } = withheld
    const [type, stream] = [typeOf(frame), streamOf(frame)]
    if (type === FRAME.windowUpdate || (type === FRAME.headers && this.#isInterim)) return undefined
    const isOver = type === FRAME.resetStream || endsStream(frame)
    if (messages !== undefined) return this.#withholdAfter(messages, { fault, rule }, frame)
    if (type === FRAME.data) this.#credit('responses', stream, frame.length - HEADER_BYTES, isOver)
    const end = (): void => {
      if (withheld.isOver) return
      withheld.isOver = true
      rule.hit()
      if (fault.kind === 'crash-before-reply') this.#abort()
      else if (fault.kind === 'grpc-status') this.#endCall(stream, fault, false)
      else if (fault.silence === 'reset') this.#reset(stream, http2Codes.INTERNAL_ERROR)
      else this.#recording?.resetByFault(stream)
    }
    const then = fault.kind === 'crash-before-reply' || isOver ? end : undefined
    return { delayMs: 0, delayedBy: [], instead: NOTHING, then }
  }

  /** Passes on the requested number of messages of a reply, and then ends the call. */
  #withholdAfter(messages: MessageCount, { fault, rule }: Pick<WithheldReply, 'fault' | 'rule'>, frame: Buffer) {
    if (fault.kind !== 'grpc-status') return undefined
    const [stream, type] = [streamOf(frame), typeOf(frame)]
    const endAt =
      type === FRAME.data ? messages.endIn(dataOf(frame)) : type === FRAME.headers ? messages.endIn(NOTHING) : undefined
    if (endAt === undefined || (type === FRAME.headers && endsStream(frame))) {
      if (endsStream(frame)) rule.miss('the reply ended by itself before the fault could end it')
      return undefined
    }
    const content = type === FRAME.data ? dataOf(frame) : NOTHING
    const left = content.length - endAt
    if (type === FRAME.data && left > 0) this.#credit('responses', stream, left, true)
    const then = (): void => {
      if (this.#resetStreams.has(stream)) return
      rule.hit()
      this.#endCall(stream, fault, true, true)
    }
    return {
      delayMs: 0,
      delayedBy: [],
      instead: type === FRAME.data ? dataFrame(stream, content.subarray(0, endAt)) : undefined,
      then,
    }
  }

  /** Returns flow-control credit to the sender for bytes that the receiver will never see. */
  #credit(from: Direction, stream: number, bytes: number, isOver: boolean): void {
    if (bytes === 0) return
    const sender = this.#flows[from === 'requests' ? 'responses' : 'requests']
    sender.inject(windowUpdate(bytes))
    if (!isOver) sender.inject(windowUpdate(bytes, stream))
  }

  /** Ends a call as a gRPC server would, by trailers. Returns false if the response is complete. */
  #endCall(
    stream: number,
    fault: Extract<Http2Fault, { readonly kind: 'grpc-status' }>,
    isAnswered: boolean,
    isWithheld = false,
  ): boolean {
    // The response is complete, so it cannot get another status.
    if (isAnswered && !isWithheld && !this.#streams.has(stream)) return false
    const head = [
      [':status', '200'],
      ['content-type', 'application/grpc'],
    ] as const
    const trailers = [
      ['grpc-status', String(fault.status)],
      ['grpc-message', percentEncoded(fault.message)],
    ] as const
    this.#flows.responses.inject(lastHeaders(stream, isAnswered ? trailers : [...head, ...trailers]))
    this.#reset(stream, http2Codes.NO_ERROR)
    return true
  }

  #reset(stream: number, code: number): void {
    this.#recording?.resetByFault(stream)
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

  /**
   * Whether a frame may pass. On a reset stream, only header blocks pass, because the decompression of later blocks
   * depends on them.
   */
  #mayPass(direction: Direction, frame: Buffer): boolean {
    const type = typeOf(frame)
    if (this.#resetStreams.size === 0 || !this.#resetStreams.has(streamOf(frame))) return true
    if (type === FRAME.data) {
      this.#credit(direction, streamOf(frame), frame.length - HEADER_BYTES, true)
      return false
    }
    return type !== FRAME.resetStream && type !== FRAME.windowUpdate
  }
}

const NOTHING = Buffer.alloc(0)

const isInterim = (status: string | undefined): boolean => status?.startsWith('1') === true

/**
 * Encodes a message. Printable ASCII except the percent sign stays as it is (gRPC over HTTP/2, Status-Message), but no
 * field value may begin or end with a space (RFC 9113 §8.2.1).
 */
const percentEncoded = (message: string): string =>
  [...Buffer.from(message)]
    .map((byte) =>
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('')
    .replace(/^ | $/g, '%20')
