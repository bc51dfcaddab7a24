import type { Endpoint } from '@chaos/faults'
import type { Json, Nanos } from '@chaos/history'
import { FrameReader, type FrameSink } from '../framing/frame-reader.ts'
import { resp, respToJson } from '../framing/resp.ts'
import { isNoCommand, type RespValue, readResp, readRespCommand } from '../framing/resp-value.ts'
import type { Conversation, Intercept, Interceptor, Stage } from '../interceptor.ts'
import type { Completion } from '../recorder/call.ts'
import type { Exchange } from '../recorder/exchange.ts'
import type { ConnectionRecorder, Recorder } from '../recorder/recorder.ts'
import {
  type CommandPatterns,
  type CommandRule,
  commandTables,
  compileCommands,
  completionOf,
} from './command-table.ts'
import { createRespSession, type Understood } from './resp-session.ts'

export interface RespRecorderOptions {
  readonly recorder: Recorder
  /** The server that is asked, as the history names it. */
  readonly node: Endpoint
  /** By default what Redis' strings are as registers. */
  readonly commands?: readonly CommandRule[] | undefined
  /** Longer commands are not recorded, and counted as unmatched. By default 16 MiB. */
  readonly maxMessageBytes?: number | undefined
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024
/** Requests of one connection that are remembered for their answers. Who pipelines more has to wait for some. */
const MOST_PENDING = 10_000

/** Records what clients ask of a server that speaks RESP. Bytes go on as they come, and are read on the way. */
export function recordResp(options: RespRecorderOptions): Intercept {
  const { recorder, node, maxMessageBytes = MAX_MESSAGE_BYTES } = options
  const commands = compileCommands(options.commands ?? commandTables['register'] ?? [])
  return (conversation) => new RespRecording(conversation, { recorder, node, maxMessageBytes, commands })
}

interface RespRecordingOptions {
  readonly recorder: Recorder
  readonly node: Endpoint
  readonly maxMessageBytes: number
  readonly commands: CommandPatterns
}

/** A request on its way, of which the answer is still to come. */
interface Pending {
  readonly exchange: Exchange
  /** Where its first byte is in the stream of requests. */
  readonly startByte: number
  /** Undefined until all of it is here. */
  understood: Understood | undefined
}

/** An answer on its way to the client. */
interface Answered {
  readonly exchange: Exchange
  readonly completion: Completion
  readonly endByte: number
}

class RespRecording implements Interceptor {
  readonly requests: Stage
  readonly responses: Stage
  readonly #recorder: Recorder
  readonly #connection: ConnectionRecorder
  readonly #exits: Conversation
  readonly #understand: (words: readonly Json[] | undefined) => Understood
  /** Asked and not answered yet, in order; the last may not be here in full. */
  #pending: Pending[] = []
  /** Of which the server has not been handed the first byte. */
  #unsent: Pending[] = []
  #undelivered: Answered[] = []
  #opaque = false
  #reading = true
  /** When the bytes that are being passed on came: what is handed over meanwhile was handed over then. */
  #receivedAt: Nanos | undefined

  constructor(conversation: Conversation, options: RespRecordingOptions) {
    const { recorder, node, commands, maxMessageBytes } = options
    this.#recorder = recorder
    this.#connection = recorder.connection({ node, client: conversation.client.host })
    this.#exits = conversation
    this.#understand = createRespSession(commands)
    // Which of the two speaks first is not known.
    conversation.dial()
    this.requests = this.#requestStage(maxMessageBytes)
    this.responses = this.#responseStage(maxMessageBytes)
  }

  closed(): void {
    this.#endPending('the connection ended')
    const time = this.#recorder.now()
    for (const { exchange } of this.#undelivered) exchange.ended(time, 'the connection ended')
    this.#undelivered = []
  }

  #requestStage(maxFrameBytes: number): Stage {
    const exit = this.#exits.requests
    const reader = new FrameReader({ scanner: resp.scanner('requests'), maxFrameBytes })
    let handedBytes = 0
    const sink: FrameSink = {
      frame: (bytes) => {
        if (!this.#requestIsOpen) this.#requestBegins(handedBytes, 'whole')
        handedBytes += bytes.length
        this.#requestIsHere(bytes)
      },
      loose: (bytes, last) => {
        if (!this.#requestIsOpen) this.#requestBegins(handedBytes, 'begun')
        handedBytes += bytes.length
        if (last) this.#requestIsHere(undefined)
        else if (!reader.framed) this.#stopUnderstanding()
      },
    }
    return {
      receive: (bytes) => {
        // Before anything of it is passed on.
        this.#receivedAt = this.#recorder.now()
        if (!this.#opaque) reader.read(bytes, sink)
        if (reader.waitingBytes > 0 && !this.#requestIsOpen) this.#requestBegins(handedBytes, 'begun')
        const free = exit.pass(bytes)
        this.#receivedAt = undefined
        this.#govern()
        return free
      },
      end: () => exit.end(),
      reset: () => exit.reset(),
      delivered: (totalBytes) => this.#sent(totalBytes),
    }
  }

  #responseStage(maxFrameBytes: number): Stage {
    const exit = this.#exits.responses
    const reader = new FrameReader({ scanner: resp.scanner('responses'), maxFrameBytes })
    let handedBytes = 0
    const sink: FrameSink = {
      frame: (bytes) => {
        handedBytes += bytes.length
        this.#answerIsHere(readResp(bytes), handedBytes)
      },
      loose: (bytes, last) => {
        handedBytes += bytes.length
        if (last) this.#answerIsHere(undefined, handedBytes)
        else if (!reader.framed) this.#stopUnderstanding()
      },
    }
    return {
      receive: (bytes) => {
        if (!this.#opaque || this.#pending.length > 0) reader.read(bytes, sink)
        this.#govern()
        return exit.pass(bytes)
      },
      end: () => {
        this.#endPending('the server ended the connection')
        exit.end()
      },
      reset: () => {
        this.#endPending('the server reset the connection')
        exit.reset()
      },
      delivered: (totalBytes) => this.#delivered(totalBytes),
    }
  }

  /** A request has begun that is not here in full. */
  get #requestIsOpen(): boolean {
    const last = this.#pending.at(-1)
    return last !== undefined && last.understood === undefined
  }

  #requestBegins(startByte: number, as: 'begun' | 'whole'): void {
    if (this.#opaque) return
    const time = this.#receivedAt ?? this.#recorder.now()
    const exchange = as === 'whole' ? this.#connection.beginWhole(time) : this.#connection.begin(time)
    const pending: Pending = { exchange, startByte, understood: undefined }
    this.#pending.push(pending)
    this.#unsent.push(pending)
  }

  /** The last one that began is here; undefined where it was too large to be kept. */
  #requestIsHere(request: Buffer | undefined): void {
    const pending = this.#pending.at(-1)
    if (this.#opaque || pending === undefined || pending.understood !== undefined) return
    const words = request === undefined ? undefined : readRespCommand(request)?.map(wordToJson)
    pending.understood = this.#understand(words)
    const { understood, exchange } = pending
    exchange.called(
      understood.kind === 'operation'
        ? { kind: 'operations', calls: [understood.matched.call], session: undefined }
        : { kind: 'passed-on', what: String(words?.[0] ?? 'a command').toUpperCase(), touches: 'nothing' },
    )
    const unanswered = understood.kind === 'opaque' || (request !== undefined && isNoCommand(request))
    if (unanswered) this.#pending.pop()
    if (understood.kind === 'opaque') this.#stopUnderstanding()
  }

  #sent(totalBytes: number): void {
    const time = this.#receivedAt ?? this.#recorder.now()
    for (;;) {
      const [next] = this.#unsent
      if (next === undefined || next.startByte >= totalBytes) break
      this.#unsent.shift()
      const { exchange, understood } = next
      // What is not recorded is closed already.
      if (understood === undefined || understood.kind === 'operation') exchange.forwarded(time)
    }
  }

  #answerIsHere(value: RespValue | undefined, endByte: number): void {
    // What a server says of its own accord is an answer to nothing.
    if (value?.kind === 'push') return
    const [asked] = this.#pending
    if (asked === undefined) {
      if (!this.#opaque) this.#connection.unmatchedAnswer()
      return
    }
    const { understood, exchange } = asked
    if (understood === undefined) {
      // The server answers before it was asked in full: it found that this is no RESP, or will not go on.
      this.#stopUnderstanding()
      return
    }
    this.#pending.shift()
    if (understood.kind === 'other') {
      if (understood.mustSucceed && value?.kind === 'error') this.#stopUnderstanding()
      return
    }
    if (understood.kind !== 'operation') return
    const completion = completionOf(understood.matched, value === undefined ? undefined : respToJson(value))
    exchange.answered(this.#recorder.now(), completion)
    this.#undelivered.push({ exchange, completion, endByte })
  }

  #delivered(totalBytes: number): void {
    const time = this.#recorder.now()
    for (;;) {
      const [next] = this.#undelivered
      if (next === undefined || next.endByte > totalBytes) break
      this.#undelivered.shift()
      next.exchange.delivered(time, next.completion)
    }
  }

  #stopUnderstanding(): void {
    if (this.#opaque) return
    this.#opaque = true
    this.#connection.opaque('a connection that is no longer RESP', 'nothing')
    // Nobody will know what the request that has begun is.
    const open = this.#pending.at(-1)
    if (open === undefined || open.understood !== undefined) return
    this.#pending.pop()
    this.#unsent = this.#unsent.filter((other) => other !== open)
    open.exchange.ended(this.#recorder.now(), 'not understood')
  }

  #endPending(reason: string): void {
    const time = this.#recorder.now()
    for (const { exchange } of this.#pending) exchange.ended(time, reason)
    this.#pending = []
    this.#unsent = []
  }

  /** A client that asks and asks, of a server that does not answer, is stopped rather than remembered without bound. */
  #govern(): void {
    const reading = this.#pending.length < MOST_PENDING
    if (reading === this.#reading) return
    this.#reading = reading
    this.#exits.requests.setReading(reading)
  }
}

const wordToJson = (word: string | Buffer): Json =>
  typeof word === 'string' ? word : respToJson({ kind: 'string', value: word })
