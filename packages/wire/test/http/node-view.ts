import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import type { ResponseStream } from './corpus.ts'

/** What node:http makes of a stream: its messages, as far as it took them for whole, and whether it gave up. */
export interface NodeView {
  readonly messages: readonly { readonly subject: string; readonly body: string }[]
  readonly refused: boolean
}

/** A connection on which one side has said everything, and then ended. */
class Said extends Duplex {
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
  // Otherwise it answers what expects something else than 100-continue by itself, and does not tell of it.
  server.on('checkExpectation', readAll)
  function readAll(asked: IncomingMessage, reply: ServerResponse): void {
    let body = ''
    asked.setEncoding('latin1')
    asked.on('data', (text: string) => {
      body += text
    })
    asked.on('error', () => undefined)
    asked.on('end', () => {
      if (asked.complete) messages.push({ subject: `${asked.method} ${asked.url}`, body })
      reply.end()
    })
  }
  const socket = new Said(bytes)
  // An upgrade, or a tunnel, takes the rest of the stream away: what was asked is all there is to compare.
  const taken = (asked: { method?: string; url?: string }) => {
    messages.push({ subject: `${asked.method} ${asked.url}`, body: '' })
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

/** Of the first response; node's client asks on a connection again only once it has been answered. */
export async function nodeReadsResponse(bytes: Buffer, methods: ResponseStream['methods']): Promise<NodeView> {
  const messages: { subject: string; body: string }[] = []
  let refused = false
  const socket = new Said(bytes)
  const asked = request(
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
  asked.on('error', () => {
    refused = true
  })
  asked.end()
  await quiet()
  socket.destroy()
  return { messages, refused }
}

/** Everything that was said has been read: streams hand on a chunk within a few turns. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve))
}
