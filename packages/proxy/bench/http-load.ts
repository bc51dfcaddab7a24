// This program runs as one of the two processes of an HTTP benchmark. It is either a typical key-value service, or the
// clients that send requests to it.

import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { serveRequests } from './children.ts'

export type HttpRequest = { readonly do: 'serve' } | HttpLoadRequest

export interface HttpLoadRequest {
  readonly do: 'load'
  readonly port: number
  /** `small`: reads and writes of 32 bytes, alternating. `large`: reads of 1 MiB. */
  readonly size: 'small' | 'large'
  readonly connections: number
  readonly durationMs: number
}

const VALUE = 'v'.repeat(32)
const LARGE = Buffer.alloc(2 ** 20, 'x')

serveRequests<HttpRequest>(async (request) => (request.do === 'serve' ? { port: await serve() } : await load(request)))

function serve(): Promise<number> {
  const store = new Map([['key', VALUE]])
  const server = createServer({ keepAlive: true, noDelay: true }, (asked, reply) => {
    if (asked.url === '/large') {
      reply.writeHead(200, { 'Content-Length': LARGE.length, ETag: '"large-1"' }).end(LARGE)
      return
    }
    if (asked.method === 'GET') {
      answer(store.get('key') ?? '')
      return
    }
    let body = ''
    asked.setEncoding('utf8')
    asked.on('data', (text: string) => {
      body += text
    })
    asked.on('end', () => {
      store.set('key', body)
      answer(body)
    })
    function answer(text: string): void {
      reply.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': text.length }).end(text)
    }
  })
  server.keepAliveTimeout = 0
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

const head = (...lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
const requests = {
  small: [
    head('GET /kv/key HTTP/1.1', 'Host: 127.0.0.1:8080', 'Accept: */*'),
    Buffer.concat([
      head('PUT /kv/key HTTP/1.1', 'Host: 127.0.0.1:8080', 'Content-Type: text/plain', 'Content-Length: 32'),
      Buffer.from(VALUE),
    ]),
  ],
  large: [head('GET /large HTTP/1.1', 'Host: 127.0.0.1:8080', 'Accept: */*')],
} as const

async function load({ port, size, connections, durationMs }: HttpLoadRequest): Promise<{ perSecond: number }> {
  const startedAtMs = performance.now()
  const untilMs = startedAtMs + durationMs
  const counts = await Promise.all(Array.from({ length: connections }, (_, i) => ask(port, size, i, untilMs)))
  const answers = counts.reduce((sum, count) => sum + count, 0)
  return { perSecond: answers / ((performance.now() - startedAtMs) / 1000) }
}

/**
 * Sends one request after another on one connection, and returns the number of answers. All answers must have the
 * length of the first.
 */
function ask(port: number, size: keyof typeof requests, first: number, untilMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answers = 0
    let sent = first
    let received = 0
    let answerBytes: number | undefined
    const send = () => {
      const turn = requests[size]
      const next = turn[sent++ % turn.length]
      if (next !== undefined) socket.write(next)
    }
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.alloc(256 * 1024),
        callback(bytes, buffer) {
          answerBytes ??= lengthOf(Buffer.from(buffer).toString('latin1', 0, bytes))
          received += bytes
          if (received < answerBytes) return true
          received = 0
          answers++
          if (performance.now() < untilMs) send()
          else {
            socket.destroy()
            resolve(answers)
          }
          return true
        },
      },
    })
    socket.on('connect', send)
    socket.on('error', reject)
  })
}

/** Returns the length of an answer, which its head declares. */
function lengthOf(beginning: string): number {
  const end = beginning.indexOf('\r\n\r\n') + 4
  const length = /^content-length: (\d+)/im.exec(beginning.slice(0, end))?.[1]
  if (length === undefined) throw new Error(`an answer without its length: ${beginning.slice(0, 200)}`)
  return end + Number(length)
}
