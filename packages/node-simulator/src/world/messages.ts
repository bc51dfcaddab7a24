import http from 'node:http'
import type net from 'node:net'
import process from 'node:process'
import { NotSimulated } from '../refusal.ts'

export interface RequestMessage {
  readonly type: 'request'
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** An answer, or the beginning of a longer one. */
export interface AnswerMessage {
  readonly type: 'answer'
  readonly head: string
  readonly body: Buffer
  /** Whether further parts of the body follow. */
  readonly goesOn?: true
}

export interface PartMessage {
  readonly type: 'part'
  readonly body: Buffer
  readonly last: boolean
}

export type Message = RequestMessage | AnswerMessage | PartMessage

export interface AnswerHead {
  readonly status: number
  readonly reason: string
  readonly rawHeaders: readonly string[]
}

export type LineEnd =
  /** `rest`: the body that has not arrived. */
  | {
      readonly type: 'answered'
      readonly received: { readonly head: AnswerHead; readonly body: Buffer; readonly rest?: Rest | undefined }
    }
  | { readonly type: 'failed'; readonly error: Error }
  /** The server accepts requests only as bytes, not as message objects. */
  | { readonly type: 'bytes only' }

export interface Rest {
  /**
   * Registers two functions. `part` is called with each part of the body, and `ended` is called once the body has
   * ended.
   */
  follow(part: (body: Buffer) => void, ended: (error?: Error) => void): void
  /** Discards the remainder of the body. */
  drop(): void
}

/** A connection for whole requests, one at a time. */
export interface RequestLine {
  readonly closed: boolean
  /** The time after which a new connection is needed. */
  readonly usableUntil: number
  ask(request: RequestMessage, ended: (end: LineEnd) => void): void
  close(): void
}

/**
 * Returns the message as text for a trace. The text is about as long as the message would be if it were sent as bytes.
 */
export function messageText(message: Message): string {
  const body = message.body.toString('latin1')
  if (message.type === 'answer') return message.head + body
  if (message.type === 'part') return body
  const { method, target, headers } = message
  let text = `${method} ${target} HTTP/1.1\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n${body}`
}

export function headOf({ head }: AnswerMessage): AnswerHead {
  const [first = '', ...lines] = head.split('\r\n')
  const rawHeaders: string[] = []
  for (const line of lines) {
    if (line === '') break
    const colon = line.indexOf(':')
    rawHeaders.push(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  return { status: Number(first.slice(9, 12)), reason: first.slice(13), rawHeaders }
}

/** Returns the value of a header field. Several fields of one name are joined. */
export function fieldOf(rawHeaders: readonly string[], name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() === name)
      value = value === undefined ? rawHeaders[i + 1] : `${value}, ${rawHeaders[i + 1]}`
  return value
}

const NO_BODY: ReadonlySet<number> = new Set([204, 304])

/**
 * Whether the body has the length that the head declares. In a response sent as bytes, any other length would corrupt
 * the connection.
 */
export function isWhole(method: string, { status, rawHeaders }: AnswerHead, bytes: number): boolean {
  const length = fieldOf(rawHeaders, 'content-length')
  return length === undefined || method === 'HEAD' || NO_BODY.has(status) || Number(length) === bytes
}

export const keepsOpen = ({ rawHeaders }: AnswerHead): boolean =>
  !/\bclose\b/i.test(fieldOf(rawHeaders, 'connection') ?? '')

export const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const TARGET = /^\/[\u0021-\u007e]*$/
export const FIELD_NAME: RegExp = /^[\w!#$%&'*+.^`|~-]+$/
export const FIELD_VALUE: RegExp = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
/** Requests with one of these header fields are sent as bytes, not as message objects. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'expect', 'upgrade', 'te', 'trailer', 'transfer-encoding', 'content-length'],
])

/** Whether a request can be sent as a message. Other requests are sent as bytes to Node's parser. */
export function isPlain(method: string, target: string, headers: Iterable<readonly [string, string]>): boolean {
  if (!METHODS.has(method) || !TARGET.test(target)) return false
  for (const [name, value] of headers)
    if (OF_CONNECTIONS.has(name.toLowerCase()) || !FIELD_NAME.test(name) || !FIELD_VALUE.test(value)) return false
  return true
}

/** Internal members of Node's HTTP server. */
interface Internals {
  readonly parser?: {
    incoming: http.IncomingMessage | null
    onIncoming?: ((request: http.IncomingMessage, keepAlive: boolean) => unknown) | null
  } | null
}
interface Incoming extends http.IncomingMessage {
  _addHeaderLines(headers: string[], count: number): void
  _dumped: boolean
  joinDuplicateHeaders?: boolean
  [ANSWERS]?: net.Socket & Answering
}
interface Options {
  readonly joinDuplicateHeaders?: boolean
  readonly maxHeadersCount?: number | null
  readonly [symbol: symbol]: unknown
}

/** The key under which a server stores the class of its requests. */
const CLASS = Object.getOwnPropertySymbols(new http.Server()).find(
  ({ description }) => description === 'IncomingMessage',
)
const MOST_HEADERS = 2_000

/**
 * The connection on which a request arrived. At the end of each turn, it sends the part of the answer that the program
 * has written in the turn.
 */
export interface Answering {
  /** Registers a function that the connection calls once, at the end of the current turn. */
  answers(take: () => AnswerMessage | PartMessage | undefined): void
}

const ANSWERS = Symbol('what takes the answer')

/**
 * Returns the connection to which this response is sent as a message. Returns undefined if the request arrived as
 * bytes, or if the response was assigned to another stream.
 */
function answeringOf({ req, socket }: Outgoing): Answering | undefined {
  const answering = req?.[ANSWERS]
  return answering !== undefined && (socket === null || socket === answering) ? answering : undefined
}

/** Returns whether a server accepts requests as objects. */
export const takesMessages = (server: net.Server): server is http.Server => server instanceof http.Server

/** Passes a request to Node's HTTP server. Makes the calls that Node's HTTP parser would make for the request. */
export function hand(
  server: http.Server,
  socket: net.Socket & Answering,
  { method, target, headers, body }: RequestMessage,
): void {
  const { parser } = socket as Internals
  const options = server as unknown as Options
  if (parser?.onIncoming == null)
    throw new NotSimulated(
      "a server that does not use Node's HTTP parser",
      "cannot receive the request objects that http: 'messages' sends",
      "Use http: 'bytes'.",
    )
  const IncomingMessage = ((CLASS && options[CLASS]) || http.IncomingMessage) as typeof http.IncomingMessage
  const request = new IncomingMessage(socket) as Incoming
  parser.incoming = request
  request[ANSWERS] = socket
  Object.assign(request, { httpVersionMajor: 1, httpVersionMinor: 1, httpVersion: '1.1', url: target, upgrade: false })
  if (options.joinDuplicateHeaders !== undefined) request.joinDuplicateHeaders = options.joinDuplicateHeaders
  const most = 2 * (options.maxHeadersCount ?? MOST_HEADERS)
  request._addHeaderLines([...headers], most > 0 ? Math.min(most, headers.length) : headers.length)
  request.method = method
  parser.onIncoming(request, true)
  if (body.length > 0 && !request._dumped) request.push(body)
  request.complete = true
  request.push(null)
}

interface Outgoing {
  readonly req?: Incoming | undefined
  readonly destroyed: boolean
  readonly socket: net.Socket | null
  readonly _header: string | null
  _headerSent: boolean
  chunkedEncoding: boolean
  [BODY]?: Body
}

interface Body {
  chunks: Buffer[]
  /** Whether the head has been sent. */
  begun: boolean
  ended: boolean
}

const BODY = Symbol('the body that was written')

const bodyOf = (answer: Outgoing): Body => {
  answer[BODY] ??= { chunks: [], begun: false, ended: false }
  return answer[BODY]
}

function taken(answer: Outgoing): AnswerMessage | PartMessage | undefined {
  const written = bodyOf(answer)
  const { chunks, begun, ended } = written
  if (begun && chunks.length === 0 && !ended) return undefined
  const [only] = chunks
  const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
  written.chunks = []
  written.begun = true
  if (begun) return { type: 'part', body, last: ended }
  return { type: 'answer', head: answer._header ?? '', body, ...(ended ? {} : { goesOn: true }) }
}

type Callback = (() => void) | null | undefined
type Written = string | Uint8Array

interface OutgoingPrototype {
  _storeHeader(this: Outgoing, first: string, headers: unknown): unknown
  _send(this: Outgoing, data: Written, encoding?: BufferEncoding | null, callback?: Callback, length?: number): boolean
  _writeRaw(this: Outgoing, data: Written, encoding?: BufferEncoding, callback?: Callback, length?: number): boolean
  _finish(this: Outgoing): void
}

/** Makes programs send answers as objects, until the returned function is called. */
export function patchAnswers(): () => void {
  const prototype = http.OutgoingMessage.prototype as unknown as OutgoingPrototype
  const { _storeHeader: storeHeader, _send: send, _writeRaw: writeRaw, _finish: finish } = prototype
  prototype._storeHeader = function (first, headers) {
    storeHeader.call(this, first, headers)
    // The headers stay as a client would get them. The body is not encoded in chunks, because it is sent as an object.
    if (answeringOf(this) !== undefined) this.chunkedEncoding = false
  }
  prototype._send = function (data, encoding, callback, length) {
    if (answeringOf(this) === undefined) return send.call(this, data, encoding, callback, length)
    if (this.destroyed || this.socket?.writable !== true) return false
    this._headerSent = true
    // The data is copied, because the program may reuse its memory.
    if (data.length > 0)
      bodyOf(this).chunks.push(typeof data === 'string' ? Buffer.from(data, encoding ?? 'utf8') : Buffer.from(data))
    answeringOf(this)?.answers(() => taken(this))
    if (typeof callback === 'function') process.nextTick(callback)
    return true
  }
  // Interim responses, such as 103, are dropped. All simulated clients ignore them.
  prototype._writeRaw = function (data, encoding, callback, length) {
    if (answeringOf(this) === undefined) return writeRaw.call(this, data, encoding, callback, length)
    if (typeof callback === 'function') process.nextTick(callback)
    return true
  }
  prototype._finish = function () {
    const answering = answeringOf(this)
    if (answering !== undefined && !this.destroyed && this.socket?.writable === true) {
      bodyOf(this).ended = true
      answering.answers(() => taken(this))
    }
    finish.call(this)
  }
  return () => {
    Object.assign(prototype, { _storeHeader: storeHeader, _send: send, _writeRaw: writeRaw, _finish: finish })
  }
}
