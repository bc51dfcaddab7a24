import type http from 'node:http'
import { NotSimulated } from '../../refusal.ts'
import { runningLife } from '../../world/life.ts'
import { MessageLine } from '../../world/line.ts'
import { fieldOf, isPlain, type RequestMessage } from '../../world/messages.ts'
import { simulatedRequest } from './http.ts'
import { type FetchRequest, fetchRequestOf } from './request.ts'
import { FetchedResponse, type WholeAnswer } from './response.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const MOST_REDIRECTS = 20

/** `fetch` over the simulated network, with Node's own requests and responses. */
export async function simulatedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const fetchRequest = await fetchRequestOf(input, init)
  let { url, method, payload } = fetchRequest
  for (let redirects = 0; ; redirects++) {
    const following = followSignal(fetchRequest.signal)
    const message = await exchange({ ...fetchRequest, url, method, payload }, following)
    const location = message.headers.location
    const status = message.statusCode ?? 0
    if (!REDIRECTS.has(status) || location === undefined || fetchRequest.redirect === 'manual') {
      const { over } = following
      const response = new FetchedResponse(message, { url: url.href, method, redirected: redirects > 0, over })
      following.aborted = (reason) => response.abort(reason)
      return response as unknown as Response
    }
    following.over()
    if (!('whole' in message)) message.resume()
    if (fetchRequest.redirect === 'error' || redirects >= MOST_REDIRECTS)
      throw new TypeError('fetch failed', { cause: new Error('redirect count exceeded') })
    url = new URL(location, url)
    if (status === 303 || ((status === 301 || status === 302) && method === 'POST')) {
      method = method === 'HEAD' ? 'HEAD' : 'GET'
      payload = undefined
    }
  }
}

/** The listener of a signal; listeners are called in order. */
interface Following {
  aborted: (reason: unknown) => void
  /** Removes the listener, because the signal may outlive the run. */
  over(): void
}

function followSignal(signal: AbortSignal | undefined): Following {
  if (signal === undefined) return { aborted() {}, over() {} }
  const { unfinished } = runningLife()
  const abort = (): void => {
    following.over()
    following.aborted(signal.reason)
  }
  const over = (): void => {
    signal.removeEventListener('abort', abort)
    unfinished.delete(over)
  }
  const following: Following = { aborted() {}, over }
  signal.addEventListener('abort', abort, { once: true })
  unfinished.add(over)
  return following
}

function exchange(fetchRequest: FetchRequest, following: Following): Promise<http.IncomingMessage | WholeAnswer> {
  const { url, method, headers, signal } = fetchRequest
  if (url.protocol !== 'http:')
    throw new NotSimulated(
      `fetch of ${url.protocol}//${url.host}`,
      'is encrypted inside Node',
      'Between simulated nodes use http:.',
    )
  signal?.throwIfAborted()
  const life = runningLife()
  const port = portOf(url)
  const to = life.messages ? life.hosts.find(url.hostname, life.id) : undefined
  if (
    to !== undefined &&
    !life.bytesOnly.has(`${to}:${port}`) &&
    (to !== life.id || life.servers.has(port)) &&
    isPlain(method, pathOf(url), Object.entries(headers))
  )
    return exchangeMessages(fetchRequest, to, following)
  return exchangeBytes(fetchRequest, following)
}

const portOf = ({ port }: URL): number => (port === '' ? 80 : Number(port))
const pathOf = ({ pathname, search }: URL): string => `${pathname}${search}`
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

const fieldsOf = ({ url, headers, payload }: FetchRequest): { readonly [name: string]: string } => ({
  host: url.host,
  accept: '*/*',
  'accept-language': '*',
  'sec-fetch-mode': 'cors',
  'user-agent': 'node',
  ...headers,
  ...(payload === undefined ? {} : { 'content-length': String(payload.length) }),
})

function exchangeMessages(
  fetchRequest: FetchRequest,
  to: string,
  following: Following,
): Promise<http.IncomingMessage | WholeAnswer> {
  const { url, method, payload } = fetchRequest
  const { bytesOnly } = runningLife()
  const empty = payload === undefined && WITH_BODY.has(method) ? ['Content-Length', '0'] : []
  const request: RequestMessage = {
    type: 'request',
    method,
    target: pathOf(url),
    body: payload ?? NOTHING,
    headers: [...Object.entries(fieldsOf(fetchRequest)).flat(), 'Connection', 'keep-alive', ...empty],
  }
  return new Promise((resolve, reject) => {
    const line = MessageLine.to(to, portOf(url))
    following.aborted = (reason) => {
      reject(reason)
      line.close()
    }
    line.ask(request, (end) => {
      switch (end.type) {
        case 'failed':
          following.over()
          reject(new TypeError('fetch failed', { cause: end.error }))
          break
        case 'bytes only':
          bytesOnly.add(`${to}:${portOf(url)}`)
          resolve(exchangeBytes(fetchRequest, following))
          break
        case 'answered': {
          const { head, body, rest } = end.received
          resolve({
            statusCode: head.status,
            statusMessage: head.reason,
            rawHeaders: head.rawHeaders,
            headers: { location: fieldOf(head.rawHeaders, 'location') },
            whole: body,
            rest,
          })
          break
        }
      }
    })
  })
}

const NOTHING = Buffer.alloc(0)

function exchangeBytes(fetchRequest: FetchRequest, following: Following): Promise<http.IncomingMessage> {
  const { url, method, payload } = fetchRequest
  const request = simulatedRequest({
    host: url.hostname,
    port: portOf(url),
    path: pathOf(url),
    method,
    headers: fieldsOf(fetchRequest),
  })
  return new Promise((resolve, reject) => {
    following.aborted = (reason) => {
      reject(reason)
      request.destroy()
    }
    request.on('error', (error) => {
      following.over()
      reject(new TypeError('fetch failed', { cause: error }))
    })
    request.on('response', resolve)
    request.end(payload)
  })
}
