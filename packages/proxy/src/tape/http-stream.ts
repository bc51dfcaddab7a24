import {
  bodyOfRequest,
  bodyOfResponse,
  HeaderMemo,
  MessageParser,
  pathOf,
  type RequestHead,
  RequestHeadReader,
  type ResponseHead,
  ResponseHeadReader,
  STEP,
} from '@chaosproxy/wire/http'
import { type ReadMessage, type ReadStream, textOf } from './read-message.ts'
import type { Stream } from './stream.ts'

/** The most bytes of a body that are read. */
const MOST_BODY_BYTES = 64 * 1024
const REQUEST_LINE = /^[A-Z]{3,16} \S+ HTTP\/1\.[01]\r\n/
const STATUS_LINE = /^HTTP\/1\.[01] \d{3}[ \r]/

/** Reads HTTP/1; undefined if the stream is not HTTP/1. */
export function readHttp(stream: Stream, requests: Stream | undefined): ReadStream | undefined {
  const [first] = stream.pieces
  const isWhole = first?.positionBytes === 0
  // Without the stream's beginning, start at the first chunk that begins with a message.
  const beginnings = isWhole ? [beginningOf(stream)] : stream.pieces.map(({ bytes }) => textAt(bytes))
  const requestsFrom = beginnings.findIndex((text) => REQUEST_LINE.test(text))
  if (requestsFrom >= 0) return readMessages(stream, requestsFrom, requestReading())
  const repliesFrom = beginnings.findIndex((text) => STATUS_LINE.test(text))
  if (repliesFrom < 0) return undefined
  const isPaired = isWhole && requests?.pieces[0]?.positionBytes === 0
  return readMessages(
    stream,
    repliesFrom,
    replyReading(isPaired ? (readHttp(requests, undefined)?.messages ?? []) : []),
  )
}

const textAt = (bytes: Buffer): string => bytes.toString('latin1', 0, LONGEST_LINE_BYTES)

/** Returns the start of a stream, whose first line may be split across chunks. */
function beginningOf({ pieces }: Stream): string {
  let text = ''
  for (const { bytes } of pieces) {
    text += textAt(bytes)
    if (text.length >= LONGEST_LINE_BYTES) break
  }
  return text
}

const LONGEST_LINE_BYTES = 2048

type Head = RequestHead | ResponseHead

/** Parses and describes the messages of one direction. */
interface Reading {
  readonly parser: MessageParser<Head>
  /** Returns the type of a message, unless it is an interim reply. */
  begin(): Pick<ReadMessage, 'type' | 'question'> | undefined
  textBefore(): string
}

function requestReading(): Reading {
  const parser = new MessageParser<RequestHead>(new RequestHeadReader(new HeaderMemo()))
  return {
    parser,
    begin() {
      parser.frame(bodyOfRequest(parser.head))
      return { type: `${parser.head.method} ${pathOf(parser.head.target)}` }
    },
    textBefore: () => `${decoded(parser.head.target)}\n`,
  }
}

function replyReading(requests: readonly ReadMessage[]): Reading {
  const parser = new MessageParser<ResponseHead>(new ResponseHeadReader(new HeaderMemo()))
  let replies = 0
  return {
    parser,
    begin() {
      const request = requests[replies]
      const { head } = parser
      parser.frame(bodyOfResponse(head, request?.type.split(' ')[0]))
      // An interim reply (RFC 9110 §15.2) is not a message of its own.
      if (head.status < 200) return undefined
      replies++
      const type = request === undefined ? `reply ${head.status}` : `${head.status} to ${request.type}`
      return { type, question: request?.text }
    },
    textBefore: () => '',
  }
}

interface OpenMessage extends Pick<ReadMessage, 'type' | 'question' | 'sentAtMs'> {
  readonly before: string
  readonly isEncoded: boolean
  readonly body: Buffer[]
  bodyBytes: number
  isCut: boolean
}

function readMessages(stream: Stream, from: number, { parser, begin, textBefore }: Reading): ReadStream {
  const messages: ReadMessage[] = []
  const unreadableUntilMs = from > 0 ? stream.pieces[from]?.atMs : undefined
  const unreadableFrom = (unreadableFromMs: number | undefined) => ({ messages, unreadableFromMs, unreadableUntilMs })
  let open: OpenMessage | undefined
  let cutSinceMs: number | undefined
  let nextBytes = stream.pieces[from]?.positionBytes ?? 0
  const close = (endBytes: number): void => {
    if (open !== undefined) messages.push(messageOf(open, endBytes))
    open = undefined
  }
  for (const { positionBytes, sizeBytes, bytes, atMs } of stream.pieces.slice(from)) {
    if (positionBytes !== nextBytes) return unreadableFrom(cutSinceMs ?? atMs)
    nextBytes += sizeBytes
    let atBytes = positionBytes
    for (const part of sizeBytes === bytes.length ? [bytes] : [bytes, Buffer.alloc(sizeBytes - bytes.length)]) {
      for (let step = parser.read(part, 0); step !== STEP.more; step = parser.read(part, parser.offset)) {
        if (step === STEP.malformed) return unreadableFrom(cutSinceMs ?? atMs)
        if (step === STEP.head) {
          const begun = begin()
          const encoding = parser.head.headers.get('content-encoding') ?? 'identity'
          const how = { before: textBefore(), isEncoded: encoding !== 'identity', isCut: false }
          if (begun !== undefined) open = { ...begun, ...how, sentAtMs: cutSinceMs ?? atMs, body: [], bodyBytes: 0 }
          cutSinceMs = undefined
        }
        if (step === STEP.data && open !== undefined)
          addBody(open, part.subarray(parser.dataAt, parser.offset), part !== bytes)
        if (step === STEP.end) close(atBytes + parser.offset)
      }
      atBytes += part.length
    }
    if (parser.isCut) cutSinceMs ??= atMs
  }
  if (parser.endsWithConnection && stream.finishedAtMs !== undefined) close(nextBytes)
  const unreadableFromMs = open?.sentAtMs ?? cutSinceMs
  close(Number.POSITIVE_INFINITY)
  return unreadableFrom(unreadableFromMs)
}

function addBody(open: OpenMessage, piece: Buffer, isHole: boolean): void {
  open.bodyBytes += piece.length
  if (isHole || open.bodyBytes > MOST_BODY_BYTES) open.isCut = true
  else open.body.push(piece)
}

function messageOf(
  { type, question, sentAtMs, before, isEncoded, isCut, body, bodyBytes }: OpenMessage,
  endBytes: number,
): ReadMessage {
  const text = isCut || (isEncoded && bodyBytes > 0) ? undefined : textOf(Buffer.concat(body))
  return { type, question, sentAtMs, endBytes, text: text === undefined ? undefined : before + text }
}

function decoded(target: string): string {
  try {
    return decodeURIComponent(target)
  } catch {
    return target
  }
}
