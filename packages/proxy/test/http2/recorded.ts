import { once } from 'node:events'
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { http2Family } from '@chaosproxy/faults'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import type { RouteTable } from '../../../recorder/src/routes/table/route-table.ts'
import { RecordedLines } from '../../../testing/src/recorded-lines.ts'
import { cleanUp, type ManualClock, network } from '../../../testing/src/sockets.ts'
import { createHttp2Faults } from '../../src/http2/http2-faults.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'
import { textTable } from '../http/live.ts'

/** A route for HTTP/2 from the clients to n1, recorded in memory. */
export async function http2RouteTo(
  upstream: { readonly host: string; readonly port: number },
  options: { readonly table?: RouteTable; readonly seed?: number | string; readonly clock?: ManualClock } = {},
) {
  const { table = textTable, seed = 1, clock } = options
  const client = new RecordedLines()
  const backend = new RecordedLines()
  const recorder = createRecorder({ now: startRunClock(), client, backend })
  const http2 = createHttp2Faults({ seed, clock, recorder })
  const intercept = http2.intercept({ from: 'clients', to: 'n1', table })
  const created = network({ seed, clock })
  const route = await created.route({ from: 'clients', to: 'n1', upstream, intercept })
  const apply = (fault: { readonly kind: string; readonly back?: boolean; readonly [name: string]: unknown }) => {
    const { back = false, ...rest } = fault
    return http2.apply(http2Family.parse({ links: [back ? 'n1>clients' : 'clients>n1'], ...rest }, 'test'))
  }
  return { route, apply, network: created, recorder, client, backend }
}

export async function serveHttp2(answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void) {
  const server = createServer()
  server.on('session', (session) => session.on('error', () => undefined))
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    answer(stream, headers)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => void server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, server }
}

/** A key-value service over HTTP/2, with `GET` and `PUT /kv/KEY` as over HTTP/1.1. `journal` lists its writes. */
export async function keyValueHttp2(quirk?: (key: string) => string | undefined) {
  const store = new Map<string, string>()
  const journal: string[] = []
  const service = await serveHttp2(async (stream, headers) => {
    const key = String(headers[':path']).replace('/kv/', '')
    if (headers[':method'] === 'PUT') {
      const body = await bodyOf(stream)
      if (body === undefined) return
      store.set(key, body)
      journal.push(`${key}=${body}`)
      if (!stream.destroyed) stream.respond({ ':status': 200 })
      if (!stream.destroyed) stream.end('done')
      return
    }
    const value = quirk?.(key) ?? store.get(key)
    stream.respond({ ':status': value === undefined ? 404 : 200 })
    stream.end(value ?? 'nothing there')
  })
  return { ...service, store, journal }
}

/** Returns the body; undefined if the client aborted the request. */
async function bodyOf(stream: ServerHttp2Stream): Promise<string | undefined> {
  let text = ''
  try {
    for await (const chunk of stream) text += chunk
  } catch {
    return undefined
  }
  return stream.aborted ? undefined : text
}

export async function sessionTo(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => undefined)
  cleanUp(() => session.destroy())
  await once(session, 'connect')
  return session
}

export interface Http2Answer {
  readonly status: number | undefined
  readonly body: string
  /** The stream's error code; 0 if the stream ended without an error. */
  readonly code: number
}

export async function send(
  session: ClientHttp2Session,
  method: string,
  path: string,
  body?: string,
  headers: OutgoingHttpHeaders = {},
): Promise<Http2Answer> {
  const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined })
  let status: number | undefined
  let text = ''
  stream.on('response', (fields) => {
    status = fields[':status']
  })
  stream.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  stream.on('error', () => undefined)
  if (body !== undefined) stream.end(body)
  await once(stream, 'close').catch(() => undefined)
  return { status, body: text, code: stream.rstCode }
}
