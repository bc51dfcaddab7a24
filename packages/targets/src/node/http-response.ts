import type { Received } from '../clients/line.ts'

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const MAX_HEAD_BYTES = 64 * 1024

export interface NodeResponse {
  readonly status: number
  readonly body: string
}

/**
 * Parses one HTTP/1.1 response with a Content-Length, the only kind that nodes send. A general parser would take too
 * much CPU from the nodes, which share the machine with a client at thousands of operations a second.
 */
export function parseResponse(bytes: Buffer): Received<NodeResponse> {
  const headEnd = bytes.indexOf(END_OF_HEAD)
  if (headEnd === -1)
    return bytes.length > MAX_HEAD_BYTES ? unreadable('a head without an end') : { type: 'incomplete' }
  const head = bytes.toString('latin1', 0, headEnd)
  const status = /^HTTP\/1\.[01] (\d{3})(?: |\r|$)/.exec(head)?.[1]
  if (status === undefined) return unreadable('no HTTP status line')
  const length = /\r\ncontent-length: *(\d{1,9}) *(?:\r|$)/i.exec(head)?.[1]
  if (length === undefined) return unreadable('no Content-Length')
  const bodyStart = headEnd + END_OF_HEAD.length
  const bodyEnd = bodyStart + Number(length)
  if (bytes.length < bodyEnd) return { type: 'incomplete' }
  if (bytes.length > bodyEnd) return unreadable('bytes behind the answer')
  return {
    type: 'reply',
    reply: { status: Number(status), body: bytes.toString('utf8', bodyStart, bodyEnd) },
    reusable: !/\r\nconnection: *close *(?:\r|$)/i.test(head),
  }
}

const unreadable = (why: string): Received<NodeResponse> => ({ type: 'unreadable', why })
