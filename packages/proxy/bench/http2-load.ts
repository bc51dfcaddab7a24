// This program runs as one of the two processes of an HTTP/2 benchmark. It is either a typical key-value service, or
// the clients that send requests to it.

import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer, type OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { serveRequests } from './children.ts'

export type Http2Request = { readonly do: 'serve' } | Http2LoadRequest

export interface Http2LoadRequest {
  readonly do: 'load'
  readonly port: number
  /** Reads and writes of 32 bytes, alternating, as plain HTTP/2 requests or as gRPC calls. */
  readonly spoken: 'HTTP/2' | 'gRPC'
  readonly sessions: number
  /** The number of requests in progress at once in each session. */
  readonly atOnce: number
  readonly durationMs: number
}

const VALUE = 'v'.repeat(32)

serveRequests<Http2Request>(async (request) => (request.do === 'serve' ? { port: await serve() } : await load(request)))

async function serve(): Promise<number> {
  const server = createServer()
  server.on('session', (session) => session.on('error', () => undefined))
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    stream.resume()
    if (headers['content-type'] !== 'application/grpc') {
      stream.respond({ ':status': 200, 'content-type': 'text/plain' })
      stream.end(VALUE)
      return
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(String(headers[':path']).endsWith('/Get') ? message(field(1, VALUE)) : message(Buffer.alloc(0)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Returns a string field of Protocol Buffers. */
const field = (number: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), Buffer.from(text)])
/** Returns a message of gRPC: a prefix of five bytes, and the message in Protocol Buffers. */
const message = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes])

interface BenchRequest {
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer | undefined
}

const call = (method: string, body: Buffer): BenchRequest => ({
  headers: { ':method': 'POST', ':path': `/kv.v1.Store/${method}`, 'content-type': 'application/grpc', te: 'trailers' },
  body: message(body),
})

const requestsByProtocol: { readonly [spoken in Http2LoadRequest['spoken']]: readonly BenchRequest[] } = {
  'HTTP/2': [
    { headers: { ':method': 'GET', ':path': '/kv/key' }, body: undefined },
    { headers: { ':method': 'PUT', ':path': '/kv/key' }, body: Buffer.from(VALUE) },
  ],
  gRPC: [call('Get', field(1, 'key')), call('Put', Buffer.concat([field(1, 'key'), field(2, VALUE)]))],
}

async function load({ port, spoken, sessions, atOnce, durationMs }: Http2LoadRequest): Promise<{ perSecond: number }> {
  const open = await Promise.all(
    Array.from({ length: sessions }, async () => {
      const session = connect(`http://127.0.0.1:${port}`)
      await once(session, 'connect')
      return session
    }),
  )
  const startedAtMs = performance.now()
  let answers = 0
  await Promise.all(
    open.flatMap((session) =>
      Array.from({ length: atOnce }, async (_, i) => {
        for (let turn = i; performance.now() < startedAtMs + durationMs; turn++) {
          const next = requestsByProtocol[spoken][turn % 2]
          if (next !== undefined) await ask(session, next)
          answers++
        }
      }),
    ),
  )
  const perSecond = answers / ((performance.now() - startedAtMs) / 1000)
  for (const session of open) session.destroy()
  return { perSecond }
}

function ask(session: ClientHttp2Session, { headers, body }: BenchRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined })
    stream.on('error', reject)
    stream.on('close', resolve)
    stream.resume()
    if (body !== undefined) stream.end(body)
  })
}
