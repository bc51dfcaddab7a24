import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input } from '@chaosproxy/history'
import { type Command, type NodeStatus, type Session, UNSUPPORTED } from '@chaosproxy/protocols'
import { bodyOf } from '../clients/json-body.ts'
import { inputOf, type RegisterRoute, registerRoutes } from './node-routes.ts'

export const MAX_BODY_BYTES: number = 1024 * 1024

interface HttpApiOptions {
  readonly id: NodeId
  readonly protocol: string
  readonly status: () => NodeStatus
  /** Performs a command. Calls back at most once, or never if the protocol gives no answer. */
  readonly request: (command: Command, answer: (result: Completion) => void) => void
}

export interface HttpRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined }
}

/** Sends a reply, at most once. `allow` is the value of the Allow header. */
export type HttpReply = (status: number, body: object, allow?: string) => void

/** A node's interface for clients: HTTP/1.1 with JSON, so that curl is a client, too. */
export interface HttpApi {
  /**
   * Returns the operation that a request asks for; undefined if the request has already been answered, because the
   * answer did not need its body.
   */
  route(request: HttpRequest, reply: HttpReply): Asking | undefined
  /** Performs an operation. The body is undefined if it is too large. */
  ask(asking: Asking, request: HttpRequest, body: string | undefined, reply: HttpReply): void
}

export function createHttpApi(options: HttpApiOptions): HttpApi {
  return {
    route(request, reply) {
      const route = routeOf(request)
      if (route.type === 'refused') refuse(reply, route)
      else if (route.type === 'status')
        reply(200, { node: options.id, protocol: options.protocol, ...options.status() })
      else return route
      return undefined
    },
    ask(asking, request, body, reply) {
      const command = body === undefined ? tooLarge : commandOf(asking, body, request)
      if ('status' in command) refuse(reply, command)
      else options.request(command, (result) => answer(reply, result))
    },
  }
}

interface Refusal {
  readonly type: 'refused'
  readonly status: number
  readonly error: string
  readonly allow?: string
}
type Asking =
  | { readonly type: 'register'; readonly route: RegisterRoute; readonly key: string }
  | { readonly type: 'do' }
type Route = Refusal | { readonly type: 'status' } | Asking

const refusal = (status: number, error: string): Refusal => ({ type: 'refused', status, error })
const tooLarge = refusal(413, `the body is larger than ${MAX_BODY_BYTES} bytes`)
const PATHS = [...registerRoutes.map(({ method, suffix }) => `${method} /kv/KEY${suffix}`), 'POST /do and GET /status']

function routeOf(request: HttpRequest): Route {
  const [path = ''] = (request.url ?? '').split('?', 1)
  const parts = path.split('/')
  if (path === '/status') return request.method === 'GET' ? { type: 'status' } : notAllowed(request, 'GET')
  if (path === '/do') return request.method === 'POST' ? { type: 'do' } : notAllowed(request, 'POST')
  const key = parts[1] === 'kv' && parts[2] ? decoded(parts[2]) : undefined
  if (key !== undefined) {
    const suffix = parts.length === 3 ? '' : `/${parts.slice(3).join('/')}`
    const route = registerRoutes.find((each) => each.suffix === suffix && each.method === request.method)
    if (route !== undefined) return { type: 'register', route, key }
    const there = registerRoutes.filter((each) => each.suffix === suffix)
    if (there.length > 0) return notAllowed(request, there.map(({ method }) => method).join(', '))
  }
  return refusal(
    404,
    `there is nothing at ${path}; a node serves ${PATHS.join(', ')} (a slash within a key is written %2F)`,
  )
}

const notAllowed = (request: HttpRequest, allow: string): Refusal => ({
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

function commandOf(route: Asking, body: string, request: HttpRequest): Command | Refusal {
  const session = sessionOf(request)
  if (session !== undefined && 'status' in session) return session
  const input = route.type === 'do' ? doneAs(body) : registerInput(route, body)
  return 'status' in input ? input : { input, session }
}

function registerInput({ route, key }: Extract<Asking, { readonly type: 'register' }>, body: string): Input | Refusal {
  const { members, needs } = route
  return (
    inputOf(route, key, members.length === 0 ? undefined : bodyOf(body)) ??
    refusal(400, `the body must be JSON with ${needs}`)
  )
}

function doneAs(body: string): Input | Refusal {
  const { f, key, value = null } = bodyOf(body) ?? {}
  if (typeof f !== 'string' || (key !== undefined && typeof key !== 'string'))
    return refusal(400, 'the body must be JSON with an operation, such as {"f":"add","value":1}; "key" is a string')
  return key === undefined ? { f, value } : { f, key, value }
}

function sessionOf(request: HttpRequest): Session | Refusal | undefined {
  const client = request.headers['chaos-session']
  const sequence = request.headers['chaos-sequence']
  if (client === undefined && sequence === undefined) return undefined
  if (typeof client !== 'string' || typeof sequence !== 'string' || !/^\d{1,15}$/.test(sequence))
    return refusal(400, 'Chaos-Session (any text) and Chaos-Sequence (a whole number) go together')
  return { client, sequence: Number(sequence) }
}

/** `http-client.ts` maps the status back. */
function answer(reply: HttpReply, result: Completion): void {
  if (result.type === 'ok') reply(200, { value: result.value })
  else if (result.type === 'info') reply(504, { error: result.error })
  else reply(statusOf(result), { error: result.error })
}

/** Returns 409 if the object refused the operation, and 501 or 503 if the node cannot serve it. */
function statusOf({ answered, error }: Extract<Completion, { readonly type: 'fail' }>): number {
  if (answered === true) return 409
  return error === UNSUPPORTED ? 501 : 503
}

const refuse = (reply: HttpReply, { status, error, allow }: Refusal): void => reply(status, { error }, allow)
