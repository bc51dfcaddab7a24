import { once } from 'node:events'
import type { ClientHttp2Session, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { connect, constants, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { cleanUp, type ManualClock, network } from '../../../testing/src/sockets.ts'
import { createHttp2Faults } from '../../src/http2/http2-faults.ts'

interface ServiceOptions {
  /** Called when a request begins. */
  readonly begun?: (stream: ServerHttp2Stream) => void
  readonly answer?: (stream: ServerHttp2Stream, path: string, body: string) => void
  readonly clock?: ManualClock
}

/**
 * Starts a server, a client, and a proxy with faults between them. By default, the server's response is the request's
 * path and the length of its body.
 */
export async function service({ begun, answer, clock }: ServiceOptions = {}) {
  const asked: string[] = []
  const aborted: string[] = []
  const server = createServer({ settings: { initialWindowSize: 1 << 20 } })
  server.on('session', (session) => session.on('error', () => undefined))
  server.on('stream', (stream, headers) => {
    const path = String(headers[':path'])
    asked.push(path)
    stream.on('error', () => undefined)
    stream.on('close', () => {
      if (stream.rstCode === constants.NGHTTP2_CANCEL) aborted.push(path)
    })
    begun?.(stream)
    let body = ''
    stream.on('data', (bytes: Buffer) => {
      body += bytes
    })
    stream.on('end', () => {
      if (stream.destroyed || stream.headersSent) return
      if (answer !== undefined) answer(stream, path, body)
      else {
        stream.respond({ ':status': 200, 'x-path': path })
        stream.end(`${path} ${body.length}`)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => void server.close())
  const faults = createHttp2Faults({ seed: 1, clock })
  const upstream = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const intercept = faults.intercept({ from: 'clients', to: 'n1' })
  const route = await network().route({ from: 'clients', to: 'n1', upstream, intercept })
  const session = connect(`http://127.0.0.1:${route.port}`)
  session.on('error', () => undefined)
  cleanUp(() => session.destroy())
  await once(session, 'connect')
  return { faults, session, route, asked, aborted }
}

/** Sends a request. Returns the response, or the error code with which the stream ended. */
export async function ask(
  session: ClientHttp2Session,
  path: string,
  body = '',
  headers: OutgoingHttpHeaders = {},
): Promise<string> {
  const stream = session.request({
    ':path': path,
    ':method': 'POST',
    'x-long': 'header value of some length',
    ...headers,
  })
  let text = ''
  stream.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  stream.on('error', () => undefined)
  stream.end(body)
  await once(stream, 'close').catch(() => undefined)
  return stream.rstCode === 0 ? text : `code ${stream.rstCode}`
}
