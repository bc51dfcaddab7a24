import { http2Codes } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import { type ConnectionRecorder, unreadable } from '@chaosproxy/recorder'
import type { HttpMapping, Peer, RoutedRequest } from '@chaosproxy/recorder/mapping'
import { isGrpc } from '@chaosproxy/wire/grpc'
import { type Answer, type MatchableHead, pathOf } from '@chaosproxy/wire/http'
import { dataOf, endsStream, FRAME, firstWord, HeaderReader, streamOf, typeOf } from '@chaosproxy/wire/http2'
import { HttpTurn, LOST } from '../http/turn.ts'
import { RecordedStream } from './recorded-stream.ts'

/** The maximum number of tracked requests of a connection. Servers allow hundreds. */
const MOST_STREAMS = 10_000
/** The maximum number of tracked requests that a fault has ended, but to which the server may still respond. */
const MOST_LOST_STREAMS = 1000

const UNREADABLE = 'an HTTP/2 request that could not be read'

export interface Http2RecordingOptions {
  readonly recording: ConnectionRecorder
  readonly mapping: HttpMapping
  readonly peer: Peer
  /** The histories' clock. */
  readonly now: () => Nanos
}

interface Unsent {
  readonly turn: HttpTurn
  /** Where the request's headers begin in the bytes to the server. */
  readonly startByte: number
}

interface Undelivered {
  readonly turn: HttpTurn
  readonly answer: Answer
  readonly endByte: number
}

/**
 * Records the requests of one connection as operations. A request is invoked when its header block arrives, and returns
 * once the end of its response has been delivered.
 */
export class Http2Recording {
  readonly #recording: ConnectionRecorder
  readonly #mapping: HttpMapping
  readonly #peer: Peer
  readonly #now: () => Nanos
  readonly #answerHeads: HeaderReader = new HeaderReader()
  readonly #streams: Map<number, RecordedStream> = new Map()
  /** Streams that have ended for the client. The server may still respond on them. */
  readonly #lost: Set<RecordedStream> = new Set()
  #begun: RecordedStream[] = []
  /** Streams that hold parts of bodies in the memory of the current chunk. This memory is reclaimed after the chunk. */
  readonly #captured: Set<RecordedStream> = new Set()
  /** Requests whose header block has not been passed on to the server yet, by stream number. */
  readonly #waiting: Map<number, HttpTurn> = new Map()
  #unsent: Unsent[] = []
  #undelivered: Undelivered[] = []
  #highestStream = 0
  /** The last stream that the server processes, according to its GOAWAY. */
  #lastServedStream: number = Number.POSITIVE_INFINITY
  #chunkTime: Nanos | undefined

  constructor({ recording, mapping, peer, now }: Http2RecordingOptions) {
    this.#recording = recording
    this.#mapping = mapping
    this.#peer = peer
    this.#now = now
  }

  beginChunk(): void {
    this.#chunkTime = this.#now()
  }

  endChunk(): void {
    for (const { turn, number } of this.#begun) if (!turn.isWhole && this.#streams.has(number)) turn.keepPlace()
    this.#begun = []
    for (const stream of this.#captured) stream.releaseMemory()
    this.#captured.clear()
    this.#chunkTime = undefined
  }

  /**
   * Records a frame or header block from the client.
   *
   * @param head the headers; undefined if they could not be decoded.
   */
  requestArrived(frame: Buffer, head: MatchableHead | undefined): void {
    const [type, number] = [typeOf(frame), streamOf(frame)]
    if (type === FRAME.headers && number > this.#highestStream) this.#begin(number, head)
    const stream = this.#streams.get(number)
    if (stream === undefined) return
    if (type === FRAME.data && !stream.turn.isWhole) {
      stream.requestData(dataOf(frame))
      this.#captured.add(stream)
    }
    if (type === FRAME.resetStream) this.#over(stream, 'the client reset the stream')
    else if (endsStream(frame) && !stream.turn.isWhole) {
      stream.requestEnded()
      if (stream.answerHasPassed) this.#streams.delete(number)
    }
  }

  answerArrived(frame: Buffer): void {
    const type = typeOf(frame)
    const isBlock = type === FRAME.headers || type === FRAME.pushPromise
    const fields = isBlock ? this.#answerHeads.read(frame) : undefined
    if (type === FRAME.goaway) this.#servesNoMoreAfter(firstWord(frame) & 0x7fffffff)
    const stream = this.#streams.get(streamOf(frame))
    if (stream === undefined) return
    if (stream.answer !== undefined) {
      if (type === FRAME.resetStream) this.#wantsNoMore(stream)
    } else if (type === FRAME.headers) stream.answerFields(fields)
    else if (type === FRAME.data) {
      stream.answerData(dataOf(frame))
      this.#captured.add(stream)
    } else if (type === FRAME.resetStream) this.#resetByServer(stream, firstWord(frame))
    if (endsStream(frame) && stream.answer === undefined) this.#answered(stream)
  }

  requestPassed(frame: Buffer, startByte: number): void {
    if (typeOf(frame) !== FRAME.headers) return
    const number = streamOf(frame)
    const turn = this.#waiting.get(number)
    if (turn === undefined) return
    this.#waiting.delete(number)
    this.#unsent.push({ turn, startByte })
  }

  answerPassed(frame: Buffer, endByte: number): void {
    if (!endsStream(frame)) return
    const stream = this.#streams.get(streamOf(frame))
    if (stream?.answer === undefined) return
    const { turn, answer } = stream
    stream.answerHasPassed = true
    this.#undelivered.push({ turn, answer, endByte })
    if (turn.isWhole) this.#streams.delete(stream.number)
  }

  requestsAltered(): void {
    this.#recording.altered('everything')
  }

  /** Records that the server's socket has taken the first `totalBytes`. */
  requestsDelivered(totalBytes: number): void {
    let sent = 0
    for (const { turn, startByte } of this.#unsent) {
      if (startByte >= totalBytes) break
      sent++
      turn.forwarded(this.#time)
    }
    if (sent > 0) this.#unsent.splice(0, sent)
  }

  /** Records that the client's socket has taken the first `totalBytes`. */
  answersDelivered(totalBytes: number): void {
    let delivered = 0
    for (const { turn, answer, endByte } of this.#undelivered) {
      if (endByte > totalBytes) break
      delivered++
      turn.delivered(this.#time, answer)
    }
    if (delivered > 0) this.#undelivered.splice(0, delivered)
  }

  /** Records that a fault ended a request, to which the server may still respond. */
  resetByFault(number: number): void {
    const stream = this.#streams.get(number)
    if (stream === undefined) return
    const why = 'the stream was reset'
    stream.requestCut()
    if (!stream.turn.isWhole || stream.answer !== undefined) {
      this.#over(stream, why)
      return
    }
    this.#mayBeSent(stream)
    stream.turn.lostForClient(this.#time, why)
    this.#lost.add(stream)
    if (this.#lost.size <= MOST_LOST_STREAMS) return
    for (const oldest of this.#lost) {
      this.#over(oldest, why)
      break
    }
  }

  opaque(): void {
    this.#recording.opaque('bytes that are not HTTP/2', 'everything')
  }

  /** Records that a message could not be read. No later message is read. */
  failed(error: unknown): void {
    this.#chunkTime = undefined
    this.#recording.opaque(unreadable('HTTP/2', error), 'everything')
    const time = this.#now()
    for (const { turn } of [...this.#streams.values(), ...this.#lost, ...this.#undelivered]) turn.abandoned(time)
    this.#streams.clear()
    this.#lost.clear()
    this.#undelivered = []
  }

  serverGone(): void {
    for (const stream of [...this.#streams.values()])
      if (stream.answer === undefined) this.#over(stream, LOST.connection)
  }

  closed(): void {
    for (const stream of this.#streams.values()) {
      stream.requestCut()
      this.#end(stream, LOST.connection)
    }
    this.#streams.clear()
    for (const { turn } of this.#undelivered) turn.ended(this.#time, LOST.connection)
    this.#undelivered = []
    this.#unsent = []
    this.#waiting.clear()
  }

  get #time(): Nanos {
    return this.#chunkTime ?? this.#now()
  }

  #begin(number: number, head: MatchableHead | undefined): void {
    this.#highestStream = number
    if (head === undefined || this.#streams.size >= MOST_STREAMS) {
      const exchange = this.#recording.beginWhole(this.#time)
      exchange.called({ kind: 'passed-on', what: UNREADABLE, touches: 'everything' })
      exchange.forwarded(this.#time)
      return
    }
    const turn = new HttpTurn(this.#recording, this.#time)
    this.#waiting.set(number, turn)
    const routed = this.#match(head)
    if (!routed.isKnown) {
      turn.routed = routed
      turn.requestEnded(head, undefined, this.#peer, this.#time)
      return
    }
    const method = this.#mapping.schema?.methods.get(pathOf(head.target))
    const stream = new RecordedStream(number, head, turn, { routed, method, peer: this.#peer, now: () => this.#time })
    this.#streams.set(number, stream)
    // End the request now, because its body is not needed.
    if (routed.bodyBytes === 0) stream.requestEnded()
    else this.#begun.push(stream)
  }

  /** Finds the route of a request. A gRPC call is first matched as a gRPC call, then as an HTTP POST. */
  #match(head: MatchableHead): RoutedRequest {
    const asCall = isGrpc(head.headers.get('content-type'))
      ? this.#mapping.match({ ...head, method: 'GRPC' })
      : undefined
    return asCall?.isKnown === true ? asCall : this.#mapping.match(head)
  }

  #answered(stream: RecordedStream): void {
    if (stream.isUnreadable) {
      this.#streams.delete(stream.number)
      stream.turn.unreadable(this.#time)
    } else stream.turn.answered(this.#time, stream.answerEnded())
    // The client is gone, so nothing will be delivered to it.
    if (this.#lost.delete(stream)) this.#streams.delete(stream.number)
  }

  #resetByServer(stream: RecordedStream, code: number): void {
    if (code === http2Codes.REFUSED_STREAM) this.#refused(stream, 'refused: the server reset the stream unprocessed')
    else this.#over(stream, `the server reset the stream: ${nameOfCode(code)}`)
  }

  /** Handles a server that responded before the request ended and does not want the rest (RFC 9113 §8.1). */
  #wantsNoMore(stream: RecordedStream): void {
    stream.requestCut()
    if (!stream.turn.isWhole) this.#over(stream, 'the server did not want the rest of the request')
    else if (stream.answerHasPassed) this.#forget(stream)
  }

  /** Handles a GOAWAY: streams with higher numbers were not and will not be processed (RFC 9113 §6.8). */
  #servesNoMoreAfter(lastStream: number): void {
    this.#lastServedStream = Math.min(this.#lastServedStream, lastStream)
    for (const stream of [...this.#streams.values()])
      if (stream.number > this.#lastServedStream && stream.answer === undefined) this.#refused(stream, GONE_AWAY)
  }

  #refused(stream: RecordedStream, why: string): void {
    const { turn, number } = stream
    this.#forget(stream)
    // The server will not process the stream, even if a fault passes its headers on later.
    this.#waiting.delete(number)
    this.#unsent = this.#unsent.filter((unsent) => unsent.turn !== turn)
    if (!turn.isWhole) turn.keepPlace()
    turn.refused(this.#time, why)
  }

  /** Ends a stream on which neither side sends more. Some of its frames may still wait. */
  #over(stream: RecordedStream, why: string): void {
    stream.requestCut()
    this.#mayBeSent(stream)
    this.#end(stream, why)
    this.#forget(stream)
  }

  #end(stream: RecordedStream, why: string): void {
    const { turn, number, answerHasPassed } = stream
    if (answerHasPassed && turn.isWhole) return
    // The request's first bytes may be in this chunk, so its place in the order of events is reserved now.
    if (!turn.isWhole) turn.keepPlace()
    if (number > this.#lastServedStream && stream.answer === undefined) turn.refused(this.#time, GONE_AWAY)
    else turn.ended(this.#time, why)
  }

  /** Records that the server may receive the request from now on. */
  #mayBeSent({ turn, number }: RecordedStream): void {
    this.#waiting.delete(number)
    turn.forwarded(this.#time)
  }

  #forget(stream: RecordedStream): void {
    this.#streams.delete(stream.number)
    this.#lost.delete(stream)
  }
}

const GONE_AWAY = 'refused: the server had announced that it takes no more requests'

const nameOfCode = (code: number): string =>
  Object.entries(http2Codes).find(([, known]) => known === code)?.[0] ?? String(code)
