import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HttpFault, httpFamily } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import { createRecorder } from '../../../recorder/src/record/recorder.ts'
import type { RouteTable } from '../../../recorder/src/routes/table/route-table.ts'
import { RecordedLines } from '../../../testing/src/recorded-lines.ts'
import { cleanUp, network } from '../../../testing/src/sockets.ts'
import { createHttpFaults, type HttpFaults, type HttpFaultsOptions } from '../../src/http/http-faults.ts'
import { startRunClock } from '../../src/record-file/run-clock.ts'

/** The route table of the service in these tests. */
export const textTable: RouteTable = {
  requestId: 'Idempotency-Key',
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'body', outcomes: { '404': 'absent' } },
    { request: 'PUT /kv/{key}', f: 'write', value: 'body' },
  ],
}

export interface LiveOptions {
  readonly table?: RouteTable | undefined
  readonly crashServer?: HttpFaultsOptions['crashServer']
  readonly seed?: number | string | undefined
  /** The clock of the histories. */
  readonly now?: (() => Nanos) | undefined
}

/** A route for HTTP from the clients to n1, recorded in memory. */
export async function httpRouteTo(
  upstream: { readonly host: string; readonly port: number },
  options: LiveOptions = {},
) {
  const seed = options.seed ?? 1
  const client = new RecordedLines()
  const backend = new RecordedLines()
  const recorder = createRecorder({ now: options.now ?? startRunClock(), client, backend })
  const http = createHttpFaults({ seed, recorder, crashServer: options.crashServer })
  const intercept = http.intercept({ from: 'clients', to: 'n1', table: options.table ?? textTable })
  const created = network({ seed })
  const route = await created.route({ from: 'clients', to: 'n1', upstream, intercept })
  const apply = (fault: {
    readonly kind: HttpFault['kind']
    readonly [name: string]: unknown
  }): ReturnType<HttpFaults['apply']> => http.apply(httpFamily.parse({ links: ['clients>n1'], ...fault }, 'test'))
  return { route, http, apply, network: created, recorder, client, backend }
}

export async function serveHttp(listener: RequestListener) {
  const server = createServer({ keepAlive: true, noDelay: true }, listener)
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => {
    server.closeAllConnections()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, server }
}

/** A key-value service without any code for its recording. `seen` lists every request that reached it. */
export async function keyValueService(quirk: (store: Map<string, string>, key: string) => string | undefined = read) {
  const store = new Map<string, string>()
  const seen: string[] = []
  const service = await serveHttp(async (asked, reply) => {
    const key = (asked.url ?? '').replace('/kv/', '')
    const body = await textOf(asked).catch(() => undefined)
    // The client disconnected before the end of the body.
    if (body === undefined) return
    seen.push(`${asked.method} ${key} ${body}`.trim())
    if (asked.method === 'PUT') {
      store.set(key, body)
      reply.end('done')
      return
    }
    const value = quirk(store, key)
    if (value === undefined) reply.statusCode = 404
    reply.end(value ?? 'nothing there')
  })
  return { ...service, store, seen }
}

const read = (store: Map<string, string>, key: string) => store.get(key)

export async function textOf(message: IncomingMessage): Promise<string> {
  let text = ''
  message.setEncoding('utf8')
  for await (const chunk of message) text += chunk
  return text
}

export type Answered =
  | { readonly status: number; readonly body: string; readonly headers: IncomingMessage['headers'] }
  | { readonly error: string }

/** A client that keeps its connections, never retries, and gives up after a while. */
export function httpClient(port: number, options: { readonly maxSockets?: number } = {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: options.maxSockets ?? 1 })
  cleanUp(() => agent.destroy())
  return (
    method: string,
    path: string,
    body?: string,
    more: { readonly timeoutMs?: number; readonly headers?: { readonly [name: string]: string } } = {},
  ): Promise<Answered> =>
    new Promise((resolve) => {
      const headers = { ...more.headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) }
      const asked = request({ host: '127.0.0.1', port, agent, method, path, headers }, async (reply) => {
        try {
          resolve({ status: reply.statusCode ?? 0, body: await textOf(reply), headers: reply.headers })
        } catch (error) {
          resolve({ error: String((error as NodeJS.ErrnoException).code ?? error) })
        }
      })
      asked.on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }))
      if (more.timeoutMs !== undefined)
        asked.setTimeout(more.timeoutMs, () => asked.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })))
      asked.end(body)
    })
}

/** Returns the status that a client received, or else its error. */
export const statusOf = (answered: object): unknown => ('status' in answered ? answered.status : answered)

export const bodyOf = (answered: object): unknown => ('body' in answered ? answered.body : answered)
