import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json } from '@chaosproxy/history'
import type { Command, NodeStatus, Session } from '@chaosproxy/protocols'

const MAX_BODY_BYTES = 1024 * 1024

export interface HttpApiOptions {
  readonly id: NodeId
  readonly protocol: string
  readonly status: () => NodeStatus
  /** Calls back at most once; never where the protocol has no answer. */
  readonly request: (command: Command, answer: (result: Completion) => void) => void
}

/** What clients see of a node: HTTP/1.1 with JSON, made so that curl is a client too. */
export function createHttpApi(options: HttpApiOptions): Server {
  const server = createServer({ keepAlive: true, noDelay: true }, (request, response) => {
    const route = routeOf(request)
    if (route.type === 'refused') return refuse(response, route)
    if (route.type === 'status')
      return respond(response, 200, { node: options.id, protocol: options.protocol, ...options.status() })
    readBody(request, (body) => {
      const command = body === undefined ? tooLarge : commandOf(route, body, request)
      if ('status' in command) return refuse(response, command)
      options.request(command, (result) => answer(response, result))
    })
  })
  // Clients keep their connections for a whole run, and a paused node must not find them all timed out when it wakes.
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

interface Refusal {
  readonly type: 'refused'
  readonly status: number
  readonly error: string
  readonly allow?: string
}
type Asking = { readonly type: 'read' | 'write' | 'cas'; readonly key: string } | { readonly type: 'do' }
type Route = Refusal | { readonly type: 'status' } | Asking

const refusal = (status: number, error: string): Refusal => ({ type: 'refused', status, error })
const tooLarge = refusal(413, `the body is larger than ${MAX_BODY_BYTES} bytes`)
const PATHS = 'GET /kv/KEY, PUT /kv/KEY, POST /kv/KEY/cas, POST /do and GET /status'

function routeOf(request: IncomingMessage): Route {
  const [path = ''] = (request.url ?? '').split('?', 1)
  const parts = path.split('/')
  if (path === '/status') return request.method === 'GET' ? { type: 'status' } : notAllowed(request, 'GET')
  if (path === '/do') return request.method === 'POST' ? { type: 'do' } : notAllowed(request, 'POST')
  const key = parts[1] === 'kv' && parts[2] ? decoded(parts[2]) : undefined
  if (parts.length === 3 && key !== undefined) {
    if (request.method === 'GET') return { type: 'read', key }
    if (request.method === 'PUT') return { type: 'write', key }
    return notAllowed(request, 'GET, PUT')
  }
  if (parts.length === 4 && parts[3] === 'cas' && key !== undefined)
    return request.method === 'POST' ? { type: 'cas', key } : notAllowed(request, 'POST')
  return refusal(404, `there is nothing at ${path}; a node serves ${PATHS} (a slash within a key is written %2F)`)
}

const notAllowed = (request: IncomingMessage, allow: string): Refusal => ({
  ...refusal(405, `${request.method} is not possible here; use ${allow}`),
  allow,
})

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** Undefined where the body is too large. */
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

function commandOf(route: Asking, body: string, request: IncomingMessage): Command | Refusal {
  const session = sessionOf(request)
  if (session !== undefined && 'status' in session) return session
  const input = inputOf(route, body)
  return 'status' in input ? input : { input, session }
}

function inputOf(route: Asking, body: string): Input | Refusal {
  const members = route.type === 'read' ? undefined : requestBody(body)
  switch (route.type) {
    case 'read':
      return { f: 'read', key: route.key, value: null }
    case 'write': {
      const value = members?.value
      if (value === undefined) return refusal(400, 'the body must be JSON with the value to write: {"value":7}')
      return { f: 'write', key: route.key, value }
    }
    case 'cas': {
      const { old, new: next } = members ?? {}
      if (old === undefined || next === undefined)
        return refusal(400, 'the body must be JSON with the value expected and the one to write: {"old":7,"new":8}')
      return { f: 'cas', key: route.key, value: [old, next] }
    }
    case 'do': {
      const { f, key, value = null } = members ?? {}
      if (typeof f !== 'string' || (key !== undefined && typeof key !== 'string'))
        return refusal(
          400,
          'the body must be JSON that says what to do, such as {"f":"add","value":1}; "key" is a text',
        )
      return key === undefined ? { f, value } : { f, key, value }
    }
    default:
      return route satisfies never
  }
}

function sessionOf(request: IncomingMessage): Session | Refusal | undefined {
  const client = request.headers['chaos-session']
  const sequence = request.headers['chaos-sequence']
  if (client === undefined && sequence === undefined) return undefined
  if (typeof client !== 'string' || typeof sequence !== 'string' || !/^\d{1,15}$/.test(sequence))
    return refusal(400, 'Chaos-Session (any text) and Chaos-Sequence (a whole number) go together')
  return { client, sequence: Number(sequence) }
}

interface Body {
  readonly f?: Json
  readonly key?: Json
  readonly value?: Json
  readonly old?: Json
  readonly new?: Json
}

function requestBody(text: string): Body | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : undefined
  } catch {
    return undefined
  }
}

/** The one place where a result becomes a status; the client's reading of it is in `embedded/http-client.ts`. */
function answer(response: ServerResponse, result: Completion): void {
  if (result.type === 'ok') respond(response, 200, { value: result.value })
  else if (result.type === 'info') respond(response, 504, { error: result.error })
  else respond(response, refusalStatus.get(result.error) ?? 409, { error: result.error })
}

/** Whatever else an object refuses is for what it holds. */
const refusalStatus: ReadonlyMap<string, number> = new Map([
  ['unavailable', 503],
  ['unsupported', 501],
])

function refuse(response: ServerResponse, { status, error, allow }: Refusal): void {
  if (allow !== undefined) response.setHeader('Allow', allow)
  respond(response, status, { error })
}

function respond(response: ServerResponse, status: number, body: object): void {
  if (response.destroyed) return
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}
