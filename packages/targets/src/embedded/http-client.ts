import { connect, type Socket } from 'node:net'
import type { Completion, Input, Json } from '@chaosproxy/history'
import type { Session } from '@chaosproxy/protocols'
import type { Client, Request } from '@chaosproxy/runner'
import { type ParsedResponse, parseResponse } from './http-response.ts'

export interface HttpClientOptions {
  /** The port, on 127.0.0.1, of the proxy's route from clients to the node. */
  readonly port: number
  /** The Host header: the node's name. */
  readonly host: string
  /** Whether the nodes replicate registers, which have their own URL paths. */
  readonly registers: boolean
  /** The number of the node's current life, or of the current gap between two lives, and which of the two it is. */
  readonly life: () => { readonly number: number; readonly alive: boolean }
}

/** All sockets read directly into this buffer, which avoids a stream; a chunk is parsed before the next read. */
const memory = Buffer.allocUnsafeSlow(64 * 1024)

/**
 * A client of one node over one kept-alive connection, with the outcome rules of real clients: a definite refusal is
 * `fail`. If a request may have left, a timeout, a reset or an unparsable reply is `info`, or `fail` if the operation
 * is harmless. Nothing is ever sent twice.
 */
export function createHttpClient(options: HttpClientOptions): Client {
  let connection: Connection | undefined
  let closed = false

  interface Connection {
    readonly socket: Socket
    readonly dialledIn: { readonly number: number; readonly alive: boolean }
    received: Buffer | undefined
    pending: Pending | undefined
  }

  function dial(): Connection {
    const callback = (sizeBytes: number): boolean => {
      receive(dialled, memory.subarray(0, sizeBytes))
      return true
    }
    const onread = { buffer: memory, callback }
    const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true, onread })
    const dialled: Connection = { socket, dialledIn: options.life(), received: undefined, pending: undefined }
    let failure = 'connection closed'
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code === 'ECONNREFUSED' ? REFUSED : (error.code ?? error.message)
    })
    socket.on('close', () => {
      if (connection === dialled) connection = undefined
      // The proxy accepts every connection, so a successful dial proves nothing. A node that has been down since then
      // never saw the request.
      const { number, alive } = dialled.dialledIn
      settle(dialled, lost(!alive && options.life().number === number ? REFUSED : failure))
    })
    return dialled
  }

  function receive(dialled: Connection, chunk: Buffer): void {
    const bytes = dialled.received === undefined ? chunk : Buffer.concat([dialled.received, chunk])
    const response = parseResponse(bytes)
    if (response.type === 'incomplete') {
      dialled.received = bytes === chunk ? Buffer.from(chunk) : bytes
      return
    }
    dialled.received = undefined
    if (dialled.pending === undefined || response.type === 'unparsable' || !response.keepAlive) drop(dialled)
    settle(dialled, answered(response))
  }

  function drop(dropped: Connection): void {
    if (connection === dropped) connection = undefined
    dropped.socket.destroy()
  }

  return {
    invoke(request, timeoutMs, completed) {
      if (connection?.pending !== undefined) throw new Error('a client has one invocation at a time')
      if (closed) throw new Error('this client is closed')
      connection ??= dial()
      const used = connection
      const pending: Pending = { request, deadline: performance.now() + timeoutMs, timer: undefined, completed }
      const timeout = () => {
        const remainingMs = pending.deadline - performance.now()
        // Node's timers count whole milliseconds from a clock read once a turn, so they may fire a fraction early.
        if (remainingMs > 0) pending.timer = setTimeout(timeout, remainingMs)
        else {
          drop(used)
          settle(used, lost(`timeout after ${timeoutMs} ms`))
        }
      }
      pending.timer = setTimeout(timeout, timeoutMs)
      used.pending = pending
      used.socket.write(encodeRequest(request, options))
    },
    close() {
      closed = true
      if (connection === undefined) return
      const open = connection
      drop(open)
      settle(open, lost('client closed'))
    },
  }
}

interface Pending {
  readonly request: Request
  /** In the time of `performance.now()`. */
  readonly deadline: number
  timer: NodeJS.Timeout | undefined
  readonly completed: (completion: Completion) => void
}

/** The completion that the end of an exchange gives its request. */
type Judgement = (request: Request) => Completion

const REFUSED = 'connection refused'

/** Completes the pending invocation of a connection, if there is one. */
function settle(connection: { pending: Pending | undefined }, judgement: Judgement): void {
  const { pending } = connection
  if (pending === undefined) return
  connection.pending = undefined
  clearTimeout(pending.timer)
  pending.completed(judgement(pending.request))
}

const lost =
  (error: string): Judgement =>
  ({ harmless }) => ({ type: error === REFUSED || harmless ? 'fail' : 'info', error })

const answered =
  (response: Exclude<ParsedResponse, { type: 'incomplete' }>): Judgement =>
  (request) => {
    if (response.type === 'unparsable') return lost(`unparsable answer: ${response.reason}`)(request)
    const body = answerBody(response.body)
    const error = body?.error
    if (response.status !== 200 && typeof error !== 'string') return lost(`status ${response.status}`)(request)
    const reason = typeof error === 'string' ? error : `status ${response.status}`
    switch (response.status) {
      case 200: {
        const value = body?.value
        return value === undefined ? lost('unparsable answer: no value')(request) : { type: 'ok', value }
      }
      // Definite: the node sends these only if nothing was done (`node/http-api.ts`), always with the reason. A fault's
      // made-up answer has none, and may come after the node has done what it was asked for.
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
        return lost(reason)(request)
    }
  }

function encodeRequest({ input, session, final }: Request, { host, registers }: HttpClientOptions): string {
  const { line, content } = exchangeFor(input, registers)
  const start = `${line} HTTP/1.1\r\nHost: ${host}\r\n`
  const own = `${session === undefined ? '' : sessionHeaders(session)}${final === true ? 'Chaos-Final: true\r\n' : ''}`
  if (content === undefined) return `${start}${own}\r\n`
  const body = JSON.stringify(content)
  const length = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`
  return `${start}${length}${own}\r\n${body}`
}

const sessionHeaders = ({ client, sequence }: Session): string =>
  `Chaos-Session: ${encodeURIComponent(client)}\r\nChaos-Sequence: ${sequence}\r\n`

/** As in `node/http-api.ts`: registers have their own paths, and every other input is posted unchanged. */
function exchangeFor(
  input: Input,
  registers: boolean,
): { readonly line: string; readonly content: object | undefined } {
  const { f, key, value } = input
  if (!registers || key === undefined) return { line: 'POST /do', content: input }
  const path = `/kv/${encodeURIComponent(key)}`
  if (f === 'read') return { line: `GET ${path}`, content: undefined }
  if (f === 'write') return { line: `PUT ${path}`, content: { value } }
  if (f === 'cas' && Array.isArray(value))
    return { line: `POST ${path}/cas`, content: { old: value[0], new: value[1] } }
  return { line: 'POST /do', content: input }
}

function answerBody(text: string): { readonly value?: Json; readonly error?: Json } | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : undefined
  } catch {
    return undefined
  }
}
