import { HeaderMemo } from '../../src/http/header-memo.ts'
import { MessageParser } from '../../src/http/message-parser.ts'
import { bodyOfRequest, type RequestHead, RequestHeadReader } from '../../src/http/request-head.ts'
import { bodyOfResponse, type ResponseHead, ResponseHeadReader } from '../../src/http/response-head.ts'
import { STEP } from '../../src/http/syntax.ts'
import type { ResponseStream } from './corpus.ts'

export interface ReadMessage<Head> {
  readonly head: Head
  body: string
  /** True if the last byte of the message was read, or if the end of the connection ends the message. */
  complete: boolean
  /** Where it ended. */
  end: number
}

export interface Reading<Head> {
  readonly messages: ReadMessage<Head>[]
  /** Whether the stream is malformed. Bytes after the error are ignored, as in most recipients. */
  malformed: boolean
  reason: string
}

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Reads requests from a stream that arrives in these pieces. */
export function readRequests(pieces: readonly Buffer[], memo: HeaderMemo = new HeaderMemo()): Reading<RequestHead> {
  const parser = new MessageParser(new RequestHeadReader(memo))
  return read(
    parser,
    pieces,
    (head) => parser.frame(bodyOfRequest(head)),
    () => true,
  )
}

/** Reads responses from a stream that arrives in these pieces. A change of protocol ends the stream. */
export function readResponses(
  pieces: readonly Buffer[],
  methods: ResponseStream['methods'],
  memo: HeaderMemo = new HeaderMemo(),
): Reading<ResponseHead> {
  const parser = new MessageParser(new ResponseHeadReader(memo))
  let next = 0
  return read(
    parser,
    pieces,
    (head) => parser.frame(bodyOfResponse(head, methods[head.status < 200 ? next : next++])),
    (head) => head.status >= 200,
  )
}

function read<Head extends RequestHead | ResponseHead>(
  parser: MessageParser<Head>,
  pieces: readonly Buffer[],
  frame: (head: Head) => void,
  counts: (head: Head) => boolean,
): Reading<Head> {
  const reading: Reading<Head> = { messages: [], malformed: false, reason: '' }
  let before = 0
  let message: ReadMessage<Head> | undefined
  for (const piece of pieces) {
    for (let at = 0; !reading.malformed; ) {
      const step = parser.read(piece, at)
      at = parser.offset
      if (step === STEP.more) break
      if (step === STEP.malformed) {
        reading.malformed = true
        reading.reason = parser.reason
      } else if (step === STEP.head) {
        message = { head: parser.head, body: '', complete: false, end: 0 }
        if (counts(parser.head)) reading.messages.push(message)
        frame(parser.head)
      } else if (message !== undefined && step === STEP.data) {
        message.body += piece.toString('latin1', parser.dataAt, at)
      } else if (message !== undefined) {
        message.complete = true
        message.end = before + at
      }
    }
    before += piece.length
  }
  if (message !== undefined && parser.endsWithConnection) {
    message.complete = true
    message.end = before
  }
  return reading
}

/** Returns a reading as text, for comparison with another reading. */
export function traceOf({ messages, malformed }: Reading<RequestHead | ResponseHead>): string {
  const messageTexts = messages.map(({ head, body, complete, end }) => {
    const { headers, ...line } = head
    return [Object.values(line), headers.bytes.toString('latin1'), body, complete, end]
  })
  return JSON.stringify([messageTexts, malformed])
}

/** Splits `bytes` at these offsets, which are in ascending order. */
export function cutAt(bytes: Buffer, offsets: readonly number[]): readonly Buffer[] {
  const bounds = [0, ...offsets, bytes.length]
  return bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end))
}
