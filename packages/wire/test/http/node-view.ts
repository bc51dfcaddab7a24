import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import type { ResponseStream } from './corpus.ts'

/** The messages that node:http accepted as complete, and whether it refused the stream. */
export interface NodeView {
  readonly messages: readonly { readonly subject: string; readonly body: string }[]
  readonly refused: boolean
}

/** A connection whose peer has sent all of its bytes and then closed its side. */
class ClosedConnection extends Duplex {
  constructor(bytes: Buffer) {
    super()
    this.push(bytes)
    this.push(null)
  }
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done()
  }
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

export async function nodeReadsRequests(bytes: Buffer): Promise<NodeView> {
  const messages: { subject: string; body: string }[] = []
  let refused = false
  const server = createServer({ maxHeaderSize: 80 * 1024, requireHostHeader: false }, readAll)
  // Without this listener, Node itself would reply to a request with an expectation other than 100-continue, and would
  // not report the request.
  server.on('checkExpectation', readAll)
  function readAll(message: IncomingMessage, reply: ServerResponse): void {
    let body = ''
    message.setEncoding('latin1')
    message.on('data', (text: string) => {
      body += text
    })
    message.on('error', () => undefined)
    message.on('end', () => {
      if (message.complete) messages.push({ subject: `${message.method} ${message.url}`, body })
      reply.end()
    })
  }
  const socket = new ClosedConnection(bytes)
  // An upgrade or a tunnel takes over the rest of the stream, so only its request can be compared.
  const taken = (message: { method?: string; url?: string }) => {
    messages.push({ subject: `${message.method} ${message.url}`, body: '' })
  }
  server.on('upgrade', taken)
  server.on('connect', taken)
  server.on('clientError', () => {
    refused = true
    socket.destroy()
  })
  server.emit('connection', socket)
  await quiet()
  socket.destroy()
  server.close()
  return { messages, refused }
}

/** Reads only the first response, because node's client sends the next request only after the response. */
export async function nodeReadsResponse(bytes: Buffer, methods: ResponseStream['methods']): Promise<NodeView> {
  const messages: { subject: string; body: string }[] = []
  let refused = false
  const socket = new ClosedConnection(bytes)
  const clientRequest = request(
    { method: methods[0], path: '/', createConnection: () => socket as never, maxHeaderSize: 80 * 1024 },
    (reply) => {
      let body = ''
      reply.setEncoding('latin1')
      reply.on('data', (text: string) => {
        body += text
      })
      reply.on('error', () => undefined)
      reply.on('end', () => {
        if (reply.complete) messages.push({ subject: String(reply.statusCode), body })
      })
    },
  )
  clientRequest.on('error', () => {
    refused = true
  })
  clientRequest.end()
  await quiet()
  socket.destroy()
  return { messages, refused }
}

/** Waits until all bytes are read. Streams pass a chunk on within a few turns. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve))
}
