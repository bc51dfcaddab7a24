import { STATUS_CODES } from 'node:http'
import { type HttpRequest, MAX_BODY_BYTES } from './http-api.ts'

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const MAX_HEAD_BYTES = 16 * 1024

type PlainRequest =
  | { readonly type: 'incomplete' }
  /** The request needs the general parser. */
  | { readonly type: 'other' }
  /** `length` is the number of bytes of the whole request, including the body. */
  | { readonly type: 'plain'; readonly request: HttpRequest; readonly body: string; readonly length: number }

const INCOMPLETE: PlainRequest = { type: 'incomplete' }
const OTHER: PlainRequest = { type: 'other' }

/**
 * Parses the first request if it is plain: a GET, PUT or POST in HTTP/1.1 over a persistent connection, with known
 * headers. A body must have a Content-Length.
 */
export function parsePlainRequest(bytes: Buffer): PlainRequest {
  const headEnd = bytes.indexOf(END_OF_HEAD)
  if (headEnd === -1) return bytes.length > MAX_HEAD_BYTES || !mayBePlain(bytes) ? OTHER : INCOMPLETE
  const lines = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const start = /^(GET|PUT|POST) (\/[!-~]*) HTTP\/1\.1$/.exec(lines[0] ?? '')
  if (start === null) return OTHER
  const [, method, url] = start
  const headers: { [name: string]: string } = {}
  for (let i = 1; i < lines.length; i++) {
    const header = /^([A-Za-z-]+): *([ -~]*?) *$/.exec(lines[i] ?? '')
    const name = header?.[1]?.toLowerCase()
    if (header === null || name === undefined || !plainHeaders.has(name) || name in headers) return OTHER
    headers[name] = header[2] ?? ''
  }
  const length = bodyLength(headers)
  const { connection } = headers
  if (length === undefined || (method === 'GET' && length > 0)) return OTHER
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return OTHER
  const bodyStart = headEnd + END_OF_HEAD.length
  const end = bodyStart + length
  if (bytes.length < end) return INCOMPLETE
  const body = length === 0 ? '' : bytes.toString('utf8', bodyStart, end)
  return { type: 'plain', request: { method, url, headers }, body, length: end }
}

const plainHeaders: ReadonlySet<string> = new Set([
  'accept',
  'chaos-final',
  'chaos-sequence',
  'chaos-session',
  'connection',
  'content-length',
  'content-type',
  'host',
  'user-agent',
])

/** Recognises garbage by its first bytes, because the end of its headers may never arrive. */
function mayBePlain(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, LONGEST_START)
  return STARTS.some((plain) => plain.startsWith(start) || start.startsWith(plain))
}

const STARTS: readonly string[] = ['GET /', 'PUT /', 'POST /']
const LONGEST_START = 6

function bodyLength(headers: { readonly [name: string]: string }): number | undefined {
  const text = headers['content-length']
  if (text === undefined) return 0
  return /^\d{1,7}$/.test(text) && Number(text) <= MAX_BODY_BYTES ? Number(text) : undefined
}

export function plainResponse(status: number, body: object, allow: string | undefined): string {
  const text = `${JSON.stringify(body)}\n`
  const more = allow === undefined ? '' : `Allow: ${allow}\r\n`
  const type = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n`
  return `${type}${more}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}
