import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSocketServer, type Socket, type Server as SocketServer } from 'node:net'
import { type HttpApi, type HttpReply, MAX_BODY_BYTES } from './http-api.ts'
import { parsePlainRequest, plainResponse } from './plain-http.ts'

/** The maximum number of bytes of pipelined requests. Beyond it, the client has to wait. */
const MOST_WAITING_BYTES = 1024 * 1024

interface NodeServer {
  readonly server: SocketServer
  close(): void
}

/**
 * Serves plain requests, such as those of a run's own clients, without Node's HTTP server, which takes half of a node's
 * time under load. If a connection sends any other request, Node's HTTP server takes over the connection.
 */
export function createHttpServer(api: HttpApi): NodeServer {
  const general = createGeneralServer(api)
  const open = new Set<Socket>()
  const server = createSocketServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    servePlainly(socket, api, general)
  })
  return {
    server,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

function servePlainly(socket: Socket, api: HttpApi, general: Server): void {
  let waiting: Buffer | undefined
  /** Pipelined requests wait until the current one is answered. */
  let busy = false
  let reading = false
  let ended = false

  function read(): void {
    reading = true
    while (waiting !== undefined && !busy) {
      const parsed = parsePlainRequest(waiting)
      if (parsed.type === 'incomplete') break
      if (parsed.type === 'other') {
        const rest = waiting
        waiting = undefined
        handOver(rest)
        return
      }
      waiting = parsed.length < waiting.length ? waiting.subarray(parsed.length) : undefined
      busy = true
      const asking = api.route(parsed.request, reply)
      if (asking !== undefined) api.ask(asking, parsed.request, parsed.body, reply)
    }
    reading = false
    if (ended && !busy) socket.end()
  }

  function reply(status: number, body: object, allow?: string): void {
    if (!socket.writable) return
    socket.write(plainResponse(status, body, allow))
    busy = false
    if (socket.isPaused()) socket.resume()
    if (!reading && (waiting !== undefined || ended)) read()
  }

  function receive(bytes: Buffer): void {
    waiting = waiting === undefined ? bytes : Buffer.concat([waiting, bytes])
    read()
    if (busy && waiting !== undefined && waiting.length > MOST_WAITING_BYTES) socket.pause()
  }

  function end(): void {
    ended = true
    read()
  }

  function handOver(bytes: Buffer): void {
    socket.off('data', receive)
    socket.off('end', end)
    socket.off('error', ignore)
    socket.unshift(bytes)
    general.emit('connection', socket)
    socket.resume()
  }

  socket.on('data', receive)
  socket.on('end', end)
  socket.on('error', ignore)
}

const ignore = (): void => {}

/** Returns a server that gets its connections from elsewhere, and never listens. */
function createGeneralServer(api: HttpApi): Server {
  const server = createServer({ keepAlive: true, noDelay: true }, (request, response) => {
    const reply = replyTo(response)
    const asking = api.route(request, reply)
    if (asking !== undefined) readBody(request, (body) => api.ask(asking, request, body, reply))
  })
  // Connections have no timeouts: clients keep them open, and a node that resumes after a pause would otherwise time
  // out all of them.
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  server.on('clientError', (_error, socket) => {
    const body = `${JSON.stringify({ error: 'this is not an HTTP/1.1 request' })}\n`
    const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
    if (socket.writable) socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`)
    else socket.destroy()
  })
  return server
}

function readBody(request: IncomingMessage, done: (body: string | undefined) => void): void {
  if (request.method === 'GET') {
    request.resume()
    done('')
    return
  }
  const chunks: Buffer[] = []
  let length = 0
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= MAX_BODY_BYTES) chunks.push(chunk)
  })
  request.on('end', () => {
    done(
      length > MAX_BODY_BYTES ? undefined : chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString(),
    )
  })
}

const replyTo =
  (response: ServerResponse): HttpReply =>
  (status, body, allow) => {
    if (response.destroyed) return
    const text = `${JSON.stringify(body)}\n`
    if (allow !== undefined) response.setHeader('Allow', allow)
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
    response.end(text)
  }
