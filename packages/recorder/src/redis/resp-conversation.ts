import type { Endpoint } from '@chaosproxy/faults'
import type { Json, Nanos } from '@chaosproxy/history'
import {
  FrameReader,
  type FrameSink,
  isNoCommand,
  isSubscription,
  type RespValue,
  readResp,
  requestWords,
  resp,
  respToJson,
} from '@chaosproxy/wire'
import type { Completions, Understanding } from '../record/call.ts'
import { isAcknowledged } from '../record/completions.ts'
import type { Exchange } from '../record/exchange.ts'
import type { Naming } from '../record/naming.ts'
import type { ConnectionRecorder, Recorder } from '../record/recorder.ts'
import { unreadable } from '../record/remarks.ts'
import type { RecordedConversation } from '../spoken/conversation.ts'
import { Crossings } from '../spoken/crossings.ts'
import { Fifo } from '../spoken/fifo.ts'
import { MOST_PENDING } from '../spoken/in-order.ts'
import { type CommandOperation, isError } from './answers.ts'
import { type Expirations, isSetBy } from './expirations.ts'
import type { InitialScanOptions } from './initial-scan.ts'
import type { KeySpace } from './key-space.ts'
import { type Lifetimes, MAY_HAVE_EXPIRED } from './lifetimes.ts'
import { RespSession } from './resp-session.ts'
import { type Begun, NO_COMMAND, NO_LIFETIMES, NO_PARTS, OUT_OF_ORDER, type Pending } from './under-way.ts'
import { completionsFor, isRefusal } from './understood.ts'

export interface RespConversationOptions extends Omit<InitialScanOptions, 'server'> {
  readonly node: Endpoint
  /** The client's address. */
  readonly host: string
  readonly maxMessageBytes: number
  readonly naming: Naming
  readonly lifetimes: Lifetimes | undefined
}

/**
 * Records one connection: divides its bytes into commands and replies, and follows each command to the last byte of its
 * reply.
 */
export class RespConversation implements RecordedConversation {
  readonly #recorder: Recorder
  readonly #connection: ConnectionRecorder
  readonly #session: RespSession
  readonly #lifetimes: Lifetimes | undefined
  readonly #expirations: Expirations
  readonly #values: KeySpace['values']
  readonly #requests: FrameReader
  readonly #responses: FrameReader
  readonly #requestSink: FrameSink
  readonly #responseSink: FrameSink
  readonly #crossings: Crossings<Begun>
  #open: Begun | undefined
  readonly #pending: Fifo<Pending> = new Fifo()
  /**
   * A write that Redis has answered, and that is followed by the Redis command WAIT. It is recorded as completed only
   * at the reply to WAIT.
   */
  #unconfirmed: { readonly exchange: Exchange; readonly completions: Completions } | undefined
  #isBlind = false
  #isOpaque = false
  /** Whether a fault has lost or reordered messages, so that a reply may belong to any request. */
  #isDisturbed = false
  #receivedAt: Nanos

  constructor(options: RespConversationOptions) {
    const { recorder, node, host, commands, keySpace, naming, maxMessageBytes: maxFrameBytes } = options
    this.#recorder = recorder
    this.#receivedAt = recorder.now()
    this.#crossings = new Crossings(recorder.now)
    this.#lifetimes = options.lifetimes
    this.#expirations = options.expirations
    this.#values = keySpace.values
    this.#connection = recorder.connection({ node, client: host, repeatsFirst: true })
    const lost = (what: string, why: string) => {
      this.#values.stop()
      recorder.touched(what, why, 'everything')
    }
    this.#session = new RespSession({ commands, keySpace, naming, lost })
    this.#requests = new FrameReader({ scanner: resp.scanner('requests'), maxFrameBytes })
    this.#responses = new FrameReader({ scanner: resp.scanner('responses'), maxFrameBytes })
    this.#requestSink = this.#sinkOfRequests()
    this.#responseSink = this.#sinkOfResponses()
  }

  get isFull(): boolean {
    return this.#pending.length >= MOST_PENDING
  }

  requested(bytes: Buffer, time: Nanos): void {
    this.#receivedAt = time
    try {
      if (!this.#isOpaque) this.#requests.read(bytes, this.#requestSink)
    } catch (error) {
      this.#failed(error)
    }
    if (this.#requests.waitingBytes > 0 && this.#open === undefined) this.#requestBegins('begun')
  }

  answered(bytes: Buffer): void {
    try {
      if (!this.#isBlind || this.#pending.length > 0) this.#responses.read(bytes, this.#responseSink)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Handles an error of the reader, so that other connections continue. */
  #failed(error: unknown): void {
    this.#stopUnderstanding(unreadable('Redis', error))
    this.disturbed([])
  }

  /** Requests may be repeated from now on, because the client may reconnect before this connection ends. */
  hungUp(): void {
    for (const { begun } of this.#pending) begun.exchange.mayBeRepeated()
    this.#crossings.mayBeRepeated()
    this.#connection.hungUp()
  }

  altered(): void {
    this.#values.stop()
    this.#connection.altered('everything')
  }

  closed(): void {
    this.#connection.hungUp()
    this.ended('the connection ended')
    this.#crossings.closed('the connection ended')
  }

  disturbed(requests: readonly Buffer[]): void {
    this.#values.stop()
    for (const request of requests) this.#connection.altered(this.#session.touchedBy(requestWords(request)))
    if (this.#isDisturbed) return
    this.#isDisturbed = true
    if (this.#unconfirmed !== undefined) this.#isUnknown(this.#unconfirmed.exchange)
    this.#unconfirmed = undefined
    this.#session.disturbed([...this.#pending].some(({ understood }) => understood.steers === true))
    this.#endSent()
  }

  /** Ends a request that gets no reply, but may have been executed. */
  #endUnknown(pending: Pending): void {
    const { begun, understood } = pending
    this.#conclude(pending, undefined, undefined)
    this.#settle(pending, undefined)
    if (understood.understanding.kind === 'operations') this.#isUnknown(begun.exchange)
  }

  #isUnknown(exchange: Exchange): void {
    const time = this.#recorder.now()
    exchange.answered(time, OUT_OF_ORDER)
    exchange.delivered(time, OUT_OF_ORDER)
  }

  #sinkOfRequests(): FrameSink {
    return {
      frame: (bytes) => {
        if (this.#open === undefined) this.#requestBegins('whole')
        this.#crossings.requestBytes += bytes.length
        this.#requestIsHere(bytes)
      },
      loose: (bytes, last) => {
        if (this.#open === undefined) this.#requestBegins('begun')
        this.#crossings.requestBytes += bytes.length
        if (last) this.#requestIsHere(undefined)
        else if (!this.#requests.framed) this.#stopUnderstanding()
      },
    }
  }

  #sinkOfResponses(): FrameSink {
    return {
      frame: (bytes) => {
        this.#crossings.replyBytes += bytes.length
        this.#answerIsHere(readResp(bytes))
      },
      loose: (bytes, last) => {
        this.#crossings.replyBytes += bytes.length
        if (last) this.#answerIsHere(undefined)
        else if (!this.#responses.framed) this.#stopUnderstanding()
      },
    }
  }

  #requestBegins(as: 'begun' | 'whole'): void {
    if (this.#isOpaque) return
    const time = this.#receivedAt
    const exchange = as === 'whole' ? this.#connection.beginWhole(time) : this.#connection.begin(time)
    const startByte = this.#crossings.requestBytes
    this.#open = { exchange, startByte, isSent: false, isUnanswered: false, touched: undefined, settle: undefined }
    this.#crossings.begun(this.#open)
  }

  /**
   * Processes the request of `#open`, which has now arrived completely. `request` is undefined if the request was too
   * large to keep.
   */
  #requestIsHere(request: Buffer | undefined): void {
    const begun = this.#open
    if (begun === undefined) return
    this.#open = undefined
    const { exchange } = begun
    if (request !== undefined && isNoCommand(request)) {
      exchange.called(NO_COMMAND)
      return
    }
    const words = request === undefined ? undefined : requestWords(request)
    const understood = this.#session.understand(words)
    const { understanding, touched, awaits, parts = NO_PARTS, lifetimes = NO_LIFETIMES } = understood
    const isKept = parts.length + lifetimes.length !== 0
    const expiring = isKept ? this.#expirations.called(parts, lifetimes) : 0
    this.#values.called(parts)
    if (
      touched?.touches === 'everything' ||
      (understanding.kind === 'passed-on' && understanding.touches === 'everything')
    )
      this.#values.stop()
    exchange.called(understanding)
    begun.touched = touched
    if (begun.isSent) this.#markTouched(begun)
    if (awaits === 'nothing') {
      this.#goBlind(understanding)
      begun.isUnanswered = true
      if (begun.isSent) exchange.settled(false)
    } else {
      const calledAt = understood.parts === undefined ? 0 : (this.#lifetimes?.called(understood.parts) ?? 0)
      const pending = { begun, understood, calledAt, expiring, pushes: awaits === 'answer' ? 0 : awaits.pushes }
      if (this.#isDisturbed && begun.isSent) this.#endUnknown(pending)
      else this.#pending.push(pending)
    }
  }

  sent(totalBytes: number, time: Nanos): void {
    this.#crossings.sent(totalBytes, time, this.#forwarded)
    if (this.#isDisturbed) this.#endSent()
  }

  readonly #forwarded = (begun: Begun): void => {
    begun.isSent = true
    this.#markTouched(begun)
    if (begun.isUnanswered) begun.exchange.settled(false)
  }

  #endSent(): void {
    // Requests are sent in the order of `#pending`.
    for (let next = this.#pending.first; next?.begun.isSent === true; next = this.#pending.first) {
      this.#pending.shift()
      this.#endUnknown(next)
    }
  }

  #markTouched(begun: Begun): void {
    const { touched } = begun
    if (touched !== undefined) begun.settle = this.#recorder.supposed(touched.what, touched.why, touched.touches)
  }

  #answerIsHere(value: RespValue | undefined): void {
    if (this.#isDisturbed) return
    const request = this.#pending.first
    if (value?.kind === 'push') {
      if (request !== undefined && request.pushes > 0 && isSubscription(value) && --request.pushes === 0)
        this.#pending.shift()
      return
    }
    if (request === undefined) {
      if (this.#isBlind) return
      if (value === undefined || !isError(respToJson(value))) this.#connection.unmatchedAnswer()
      // The reply arrived before the end of its request. Either the bytes are not RESP, or the server is about to
      // close.
      if (this.#open !== undefined) this.#stopUnderstanding()
      return
    }
    this.#pending.shift()
    const { begun, understood } = request
    const { exchange } = begun
    const answer = value === undefined ? undefined : respToJson(value)
    const completions = completionsFor(understood, answer)
    this.#settle(request, answer)
    const { parts } = understood
    if (understood.confirmedBy !== undefined) this.#confirm(understood.confirmedBy, answer)
    if (completions === undefined || parts === undefined) {
      this.#conclude(request, undefined, answer)
      return
    }
    const gone = this.#gone(request, parts, completions, answer)
    this.#conclude(request, completions, answer)
    if (gone.length !== 0) this.#recorder.touched('its disappearance', MAY_HAVE_EXPIRED, { keys: gone })
    const isWaitedFor =
      this.#pending.first?.understood.confirmedBy !== undefined && parts.some(({ call }) => call.harmless !== true)
    if (isWaitedFor) this.#unconfirmed = { exchange, completions }
    else this.#crossings.answered(exchange, completions)
  }

  /**
   * Passes on whether the request was refused: to the exchange and, if it is set, to `begun.settle`. A refused request
   * has changed nothing.
   */
  #settle({ begun, understood }: Pending, answer: Json | undefined): void {
    const isRefused = isRefusal(understood, answer)
    begun.exchange.settled(isRefused)
    begun.settle?.(isRefused)
    begun.settle = undefined
  }

  /** Returns the keys that are absent without a recorded reason. */
  #gone({ calledAt }: Pending, parts: readonly CommandOperation[], completions: Completions, answer: Json | undefined) {
    this.#expirations.answering(parts)
    const gone = this.#lifetimes?.ended(parts, calledAt, completions, answer) ?? []
    return gone.filter((key) => !this.#expirations.explains(key))
  }

  /** Processes the reply to a request. An undefined reply is unreadable, or never comes. */
  #conclude({ understood, expiring }: Pending, completions: Completions | undefined, answer: Json | undefined): void {
    const { parts = NO_PARTS, lifetimes = NO_LIFETIMES } = understood
    if (this.#lifetimes !== undefined && answer !== undefined)
      for (const placed of lifetimes) if (isSetBy(placed, answer)) this.#lifetimes.timed(placed.lifetime.key)
    if (expiring > 0) this.#expirations.ended(expiring, { parts, lifetimes }, completions, answer)
    if (completions !== undefined) this.#values.ended(parts, completions)
  }

  /**
   * Completes a change at the reply to WAIT. If too few replicas confirmed the change, the change may be lost with the
   * primary.
   */
  #confirm(replicas: number, answer: Json | undefined): void {
    const waiting = this.#unconfirmed
    if (waiting === undefined) return
    this.#unconfirmed = undefined
    const { exchange, completions } = waiting
    const isConfirmed = typeof answer === 'number' && answer >= replicas
    if (isConfirmed || !isAcknowledged(completions)) this.#crossings.answered(exchange, completions)
    else {
      const error = `WAIT ${replicas}: ${typeof answer === 'number' ? `${answer} replicas have it` : 'no number of replicas'}`
      this.#crossings.answered(exchange, { type: 'info', error })
    }
  }

  delivered(totalBytes: number): void {
    this.#crossings.delivered(totalBytes)
  }

  /** Stops matching replies to requests. */
  #goBlind(because: Understanding): void {
    if (this.#isBlind) return
    this.#isBlind = true
    this.#values.stop()
    this.#connection.opaque(because.kind === 'passed-on' ? because.what : 'a command', 'nothing')
  }

  /** Stops parsing. The server may understand what follows, so any key may change. */
  #stopUnderstanding(what = 'a connection that does not speak RESP'): void {
    if (this.#isOpaque) return
    this.#isOpaque = true
    this.#isBlind = true
    this.#values.stop()
    this.#connection.opaque(what, 'everything')
    const begun = this.#open
    if (begun === undefined) return
    this.#open = undefined
    begun.exchange.ended(this.#recorder.now(), 'not understood')
  }

  ended(reason: string): void {
    const time = this.#recorder.now()
    this.#unconfirmed?.exchange.ended(time, reason)
    this.#unconfirmed = undefined
    for (const pending of this.#pending) {
      this.#conclude(pending, undefined, undefined)
      this.#settle(pending, undefined)
      pending.begun.exchange.ended(time, reason)
    }
    this.#open?.exchange.ended(time, reason)
    this.#open = undefined
    this.#pending.clear()
    this.#crossings.ended()
  }
}
