import type { BodyKind } from './body-reader.ts'
import { HeadFields } from './field-reader.ts'
import type { HeaderBlock } from './header-block.ts'
import type { HeadReader } from './message-parser.ts'
import { CR, endsLine, isHttpVersion, LF, SPACE, TARGET, TOKEN } from './syntax.ts'

export interface RequestHead {
  readonly method: string
  /** The request target as sent, one Latin-1 character for each byte. */
  readonly target: string
  /** The x in HTTP/1.x: 0 or 1. */
  readonly minorVersion: number
  readonly headers: HeaderBlock
}

/** Returns how a request's body is delimited (RFC 9112 §6.3). If no header says this, the request has no body. */
export function bodyOfRequest({ headers }: RequestHead): BodyKind {
  if (headers.transferCoding === 'chunked') return 'chunked'
  return headers.contentLength > 0 ? 'sized' : 'none'
}

/** Whether the client wants the connection closed after the response (RFC 9112 §9.3). */
export function wantsClose({ minorVersion, headers }: RequestHead): boolean {
  const options =
    headers
      .get('connection')
      ?.toLowerCase()
      .split(/[ \t]*,[ \t]*/) ?? []
  return options.includes('close') || (minorVersion === 0 && !options.includes('keep-alive'))
}

/** Whether the client may wait for a response to the head before it sends the body (RFC 9110 §10.1.1). */
export function expectsContinue(head: RequestHead): boolean {
  if (head.minorVersion === 0 || bodyOfRequest(head) === 'none') return false
  const expectations = head.headers.get('expect')?.toLowerCase().split(',') ?? []
  return expectations.some((expectation) => expectation.trim() === '100-continue')
}

/** Reads the heads of requests. Connections of the same clients should share a memo. */
export class RequestHeadReader extends HeadFields<RequestHead> implements HeadReader<RequestHead> {
  readonly mayBeginEmpty = true

  read(bytes: Buffer, start: number): number {
    const methodAt = afterEmptyLines(bytes, start)
    let i = methodAt
    while (TOKEN[bytes[i] ?? 0] === 1) i++
    const methodEnd = i
    if (methodEnd === methodAt || methodEnd - methodAt > LONGEST_METHOD || bytes[i] !== SPACE)
      return this.fail('no request line')
    i++
    const targetAt = i
    while (TARGET[bytes[i] ?? 0] === 1) i++
    const targetEnd = i
    if (targetEnd === targetAt || bytes[i] !== SPACE || !isHttpVersion(bytes, i + 1) || !endsLine(bytes, i + 9))
      return this.fail('no request line of HTTP/1.1 or HTTP/1.0')
    const minorVersion = (bytes[i + 8] ?? 0) - 0x30
    const fieldsAt = i + 11
    const headers = this.fieldsAt(bytes, fieldsAt)
    if (headers === undefined) return -1
    if (headers.transferCoding === 'other') return this.fail('a Transfer-Encoding whose last coding is not chunked')
    if (headers.transferCoding !== 'none' && minorVersion === 0) return this.fail('Transfer-Encoding in HTTP/1.0')
    this.lastHead = {
      method: methodOf(bytes, methodAt, methodEnd),
      target: bytes.toString('latin1', targetAt, targetEnd),
      minorVersion,
      headers,
    }
    return fieldsAt + headers.bytes.length
  }

  mayBegin(bytes: Buffer): boolean {
    const start = afterEmptyLines(bytes, 0)
    if (start === bytes.length || (start === bytes.length - 1 && bytes[start] === CR)) return true
    let i = start
    while (TOKEN[bytes[i] ?? 0] === 1 && i - start <= LONGEST_METHOD) i++
    return i - start <= LONGEST_METHOD && (i === bytes.length || (i > start && bytes[i] === SPACE))
  }
}

const LONGEST_METHOD = 32

function afterEmptyLines(bytes: Buffer, start: number): number {
  let i = start
  while (bytes[i] === CR && bytes[i + 1] === LF) i += 2
  return i
}

const COMMON_METHODS = ['GET', 'PUT', 'POST', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS']

function methodOf(bytes: Buffer, start: number, end: number): string {
  for (const method of COMMON_METHODS) {
    if (method.length === end - start && isText(bytes, start, method)) return method
  }
  return bytes.toString('latin1', start, end)
}

function isText(bytes: Buffer, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false
  return true
}
