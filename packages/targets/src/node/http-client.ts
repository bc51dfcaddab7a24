import { type Completion, isObject, type Json } from '@chaosproxy/history'
import type { Session } from '@chaosproxy/protocols'
import type { Client, Request } from '@chaosproxy/runner'
import { type ExchangeEnd, openLine, type Received, type ReplySource } from '../clients/line.ts'
import type { NodeAddress } from '../clients/planned-clients.ts'
import { exchangeFor } from './node-routes.ts'

/** The proxy's address for clients of the node. The Host header is the node's name. */
interface HttpClientOptions extends Pick<NodeAddress, 'node' | 'host' | 'port' | 'life'> {
  /** Whether the nodes replicate registers, which have their own URL paths. */
  readonly registers: boolean
}

/**
 * Returns a client of one node over one connection. A definite refusal is `fail`. After any other failure of a request
 * that may have been sent, the outcome is `info`, or `fail` if the operation is harmless. No request is sent twice.
 */
export function createHttpClient(options: HttpClientOptions): Client {
  const line = openLine<NodeResponse, ReplySource<NodeResponse>>(options, replySource, true)
  return {
    invoke(request, timeoutMs, completed) {
      line.ask({
        bytes: encodeRequest(request, options),
        timeoutMs,
        ended: (end) => completed(completionOf(end, request)),
      })
    },
    close: () => line.close(),
  }
}

function replySource(): ReplySource<NodeResponse> {
  let begun: Buffer | undefined
  return {
    read(chunk) {
      const bytes = begun === undefined ? chunk : Buffer.concat([begun, chunk])
      const response = parseResponse(bytes)
      begun = undefined
      if (response.type === 'incomplete') begun = bytes === chunk ? Buffer.from(chunk) : bytes
      return response
    },
    // Every reply has a length, so a reply is incomplete if the connection ends first.
    end: () => ({ type: 'incomplete' }),
  }
}

function completionOf(end: ExchangeEnd<NodeResponse>, { harmless }: Request): Completion {
  const lost = (error: string): Completion => ({ type: harmless ? 'fail' : 'info', error })
  if (end.type === 'lost') return end.neverLeft ? { type: 'fail', error: end.why } : lost(end.why)
  const { status, body: text } = end.reply
  const { value, error } = answerBody(text)
  const reason = typeof error === 'string' ? error : undefined
  if (status === 200) return value === undefined ? lost('unreadable answer: no value') : { type: 'ok', value }
  if (reason === undefined) return lost(`status ${status}`)
  switch (status) {
    // Nodes send these statuses only if the operation had no effect (`http-api.ts`), and always with a reason. A reply
    // that a fault made up has no reason, and proves nothing.
    case 400:
    case 404:
    case 405:
    case 413:
    case 501:
    case 503:
      return { type: 'fail', error: reason }
    case 409:
      return { type: 'fail', error: reason, answered: true }
    default:
      return lost(reason)
  }
}

function encodeRequest({ input, session, final }: Request, { node, registers }: HttpClientOptions): string {
  const { line, content } = exchangeFor(input, registers)
  const start = `${line} HTTP/1.1\r\nHost: ${node}\r\n`
  const own = `${session === undefined ? '' : sessionHeaders(session)}${final === true ? 'Chaos-Final: true\r\n' : ''}`
  if (content === undefined) return `${start}${own}\r\n`
  const body = JSON.stringify(content)
  const length = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
  return `${start}${length}${own}\r\n${body}`
}

const sessionHeaders = ({ client, sequence }: Session): string =>
  `Chaos-Session: ${encodeURIComponent(client)}\r\nChaos-Sequence: ${sequence}\r\n`

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const MAX_HEAD_BYTES = 64 * 1024

function answerBody(text: string): { readonly value?: Json; readonly error?: Json } {
  try {
    const body: unknown = JSON.parse(text)
    return isObject(body) ? body : {}
  } catch {
    return {}
  }
}

interface NodeResponse {
  readonly status: number
  readonly body: string
}

/**
 * Parses one HTTP/1.1 response with a Content-Length, the only kind that nodes send. A general parser would take too
 * much CPU time from the nodes, which share the machine with the client.
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
