import type http from 'node:http'
import { NotSimulated } from '../refusal.ts'
import { simulatedRequest } from './http.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const NO_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])
const MOST_REDIRECTS = 20

/** `fetch` over the simulated network, with Node's own requests and responses. */
export async function simulatedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const asked = new Request(input, init)
  // Node's requests follow a signal of their own.
  const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined) ?? undefined
  signal?.throwIfAborted()
  const body = asked.body === null ? undefined : Buffer.from(await asked.arrayBuffer())
  let url = new URL(asked.url)
  let { method } = asked
  let payload = body
  for (let redirects = 0; ; redirects++) {
    const response = await exchange(url, { method, headers: asked.headers, payload, signal })
    const location = response.headers.location
    const status = response.statusCode ?? 0
    if (!REDIRECTS.has(status) || location === undefined || asked.redirect === 'manual')
      return responseOf(response, url, method, redirects, signal)
    response.resume()
    if (asked.redirect === 'error' || redirects >= MOST_REDIRECTS)
      throw new TypeError('fetch failed', { cause: new Error('redirect count exceeded') })
    url = new URL(location, url)
    if (status === 303 || ((status === 301 || status === 302) && method === 'POST')) {
      method = method === 'HEAD' ? 'HEAD' : 'GET'
      payload = undefined
    }
  }
}

interface Asked {
  readonly method: string
  readonly headers: Headers
  readonly payload: Buffer | undefined
  readonly signal: AbortSignal | undefined
}

function exchange(url: URL, { method, headers, payload, signal }: Asked): Promise<http.IncomingMessage> {
  if (url.protocol !== 'http:')
    throw new NotSimulated(
      `fetch of ${url.protocol}//${url.host}`,
      'is encrypted inside of Node',
      'Between simulated nodes use http:.',
    )
  const given = Object.fromEntries(headers)
  const request = simulatedRequest({
    host: url.hostname,
    port: url.port === '' ? 80 : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method,
    headers: {
      host: url.host,
      accept: '*/*',
      'accept-language': '*',
      'sec-fetch-mode': 'cors',
      'user-agent': 'node',
      ...given,
      ...(payload === undefined ? {} : { 'content-length': String(payload.length) }),
    },
  })
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal?.reason)
      request.destroy()
    }
    signal?.addEventListener('abort', abort, { once: true })
    request.on('error', (error) => {
      signal?.removeEventListener('abort', abort)
      reject(new TypeError('fetch failed', { cause: error }))
    })
    request.on('response', (response: http.IncomingMessage) => {
      response.once('close', () => signal?.removeEventListener('abort', abort))
      resolve(response)
    })
    request.end(payload)
  })
}

function responseOf(
  message: http.IncomingMessage,
  url: URL,
  method: string,
  redirects: number,
  signal: AbortSignal | undefined,
): Response {
  const status = message.statusCode ?? 200
  const headers = new Headers()
  for (let i = 0; i < message.rawHeaders.length; i += 2)
    headers.append(message.rawHeaders[i] ?? '', message.rawHeaders[i + 1] ?? '')
  const isEmpty = NO_BODY.has(status) || method === 'HEAD'
  if (isEmpty) message.resume()
  const response = new Response(isEmpty ? null : streamOf(message, signal), {
    status,
    statusText: message.statusMessage ?? '',
    headers,
  })
  return Object.defineProperties(response, {
    url: { value: url.href },
    redirected: { value: redirects > 0 },
    type: { value: 'basic' },
  })
}

/** The body as it comes. */
function streamOf(message: http.IncomingMessage, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      let over = false
      const fail = (error: unknown): void => {
        if (over) return
        over = true
        controller.error(error)
      }
      message.on('data', (chunk: Buffer) => {
        if (!over) controller.enqueue(new Uint8Array(chunk))
      })
      message.on('end', () => {
        if (over) return
        over = true
        controller.close()
      })
      message.on('error', (error) => fail(new TypeError('terminated', { cause: error })))
      signal?.addEventListener('abort', () => {
        fail(signal.reason)
        message.destroy()
      })
    },
    cancel() {
      message.destroy()
    },
  })
}
