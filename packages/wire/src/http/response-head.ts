import type { BodyKind } from './body-reader.ts'
import { HeadFields } from './field-reader.ts'
import type { HeaderBlock } from './header-block.ts'
import type { HeadReader } from './message-parser.ts'
import { endsLine, isDigit, isHttpVersion, mayBeHttpVersion, SPACE, TEXT } from './syntax.ts'

export interface ResponseHead {
  readonly status: number
  /** The x in HTTP/1.x: 0 or 1. */
  readonly minorVersion: number
  readonly headers: HeaderBlock
}

/** Returns how a response's body is delimited (RFC 9112 §6.3). `method` is undefined without a request. */
export function bodyOfResponse({ status, headers }: ResponseHead, method: string | undefined): BodyKind {
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return 'none'
  // A successful CONNECT opens a tunnel.
  if (method === 'CONNECT' && status < 300) return 'none'
  if (headers.transferCoding === 'chunked') return 'chunked'
  if (headers.transferCoding === 'other') return 'until-close'
  return headers.contentLength >= 0 ? 'sized' : 'until-close'
}

/** Reads the heads of responses. Connections to the same servers should share a memo. */
export class ResponseHeadReader extends HeadFields<ResponseHead> implements HeadReader<ResponseHead> {
  readonly mayBeginEmpty = false

  read(bytes: Buffer, start: number): number {
    if (!isHttpVersion(bytes, start) || bytes[start + 8] !== SPACE)
      return this.fail('no status line of HTTP/1.1 or HTTP/1.0')
    const minorVersion = (bytes[start + 7] ?? 0) - 0x30
    const status = statusAt(bytes, start + 9)
    if (status < 100) return this.fail('no status of three digits')
    let i = start + 12
    if (bytes[i] === SPACE) while (TEXT[bytes[i] ?? 0] === 1) i++
    if (!endsLine(bytes, i)) return this.fail('a malformed status line')
    const fieldsAt = i + 2
    const headers = this.fieldsAt(bytes, fieldsAt)
    if (headers === undefined) return -1
    if (headers.transferCoding !== 'none' && minorVersion === 0) return this.fail('Transfer-Encoding in HTTP/1.0')
    this.lastHead = { status, minorVersion, headers }
    return fieldsAt + headers.bytes.length
  }

  mayBegin(bytes: Buffer): boolean {
    return mayBeHttpVersion(bytes)
  }
}

function statusAt(bytes: Buffer, start: number): number {
  let status = 0
  for (let i = start; i < start + 3; i++) {
    const byte = bytes[i] ?? 0
    if (!isDigit(byte)) return -1
    status = status * 10 + (byte - 0x30)
  }
  return status
}
