import { FIELD_NAME, FIELD_VALUE, METHODS } from '../../world/messages.ts'

export interface FetchRequest {
  readonly url: URL
  readonly method: string
  /** Fields by lower-case name, sorted by name. */
  readonly headers: { readonly [name: string]: string }
  readonly payload: Buffer | undefined
  readonly redirect: Request['redirect']
  readonly signal: AbortSignal | undefined
}

/**
 * The members of `fetch`'s argument `init` that do not require Node's own `Request`. This file handles the first five.
 * The others have no effect on requests between simulated nodes.
 */
const KNOWN: ReadonlySet<string> = new Set([
  ...['method', 'headers', 'body', 'signal', 'redirect'],
  ...['cache', 'credentials', 'integrity', 'keepalive', 'mode', 'referrer', 'referrerPolicy', 'priority'],
])

/**
 * Returns the request that the arguments of `fetch` describe. Uses Node's own `Request` only for unusual arguments,
 * because creating it takes as long as the whole exchange.
 */
export async function fetchRequestOf(
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<FetchRequest> {
  const signal = init?.signal ?? (isRequest(input) ? input.signal : undefined) ?? undefined
  signal?.throwIfAborted()
  const plain = plainly(input, init)
  if (plain !== undefined) return { signal, ...plain }
  const request = new Request(input, { ...init, signal: null })
  return {
    url: new URL(request.url),
    method: request.method,
    headers: Object.fromEntries(request.headers),
    payload: request.body === null ? undefined : Buffer.from(await request.arrayBuffer()),
    redirect: request.redirect,
    signal,
  }
}

const isRequest = (input: string | URL | Request): input is Request => typeof input === 'object' && 'signal' in input

function plainly(
  input: string | URL | Request,
  { method = 'GET', headers = {}, body = null, redirect = 'follow', ...rest }: RequestInit = {},
): Omit<FetchRequest, 'signal'> | undefined {
  if (isRequest(input) || !METHODS.has(method) || !['follow', 'error', 'manual'].includes(redirect)) return undefined
  if (Object.keys(rest).some((name) => !KNOWN.has(name))) return undefined
  const url = urlOf(input)
  const given = headersOf(headers)
  if (url === undefined || given === undefined) return undefined
  if (body === null) return { url, method, headers: sorted(given), payload: undefined, redirect }
  if (method === 'GET' || method === 'HEAD') return undefined
  const read = bodyOf(body)
  if (read === undefined) return undefined
  if (read.type !== undefined && given['content-type'] === undefined) given['content-type'] = read.type
  return { url, method, headers: sorted(given), payload: read.payload, redirect }
}

function urlOf(input: string | URL): URL | undefined {
  try {
    const url = new URL(input)
    return url.username === '' && url.password === '' ? url : undefined
  } catch {
    return undefined
  }
}

function headersOf(headers: NonNullable<RequestInit['headers']>): { [name: string]: string } | undefined {
  if (headers instanceof Headers) return Object.fromEntries(headers)
  if (Array.isArray(headers) || Symbol.iterator in headers) return undefined
  const read: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(headers as { readonly [name: string]: unknown })) {
    const lower = name.toLowerCase()
    if (typeof value !== 'string' || !FIELD_NAME.test(name) || Object.hasOwn(read, lower)) return undefined
    const trimmed = value.trim()
    if (!FIELD_VALUE.test(trimmed)) return undefined
    read[lower] = trimmed
  }
  return read
}

const sorted = (headers: { readonly [name: string]: string }): { readonly [name: string]: string } => {
  const names = Object.keys(headers)
  return names.length < 2 ? headers : Object.fromEntries(names.sort().map((name) => [name, headers[name] ?? '']))
}

function bodyOf(
  body: NonNullable<RequestInit['body']>,
): { readonly payload: Buffer; readonly type: string | undefined } | undefined {
  if (typeof body === 'string') return { payload: Buffer.from(body), type: 'text/plain;charset=UTF-8' }
  if (body instanceof URLSearchParams)
    return { payload: Buffer.from(String(body)), type: 'application/x-www-form-urlencoded;charset=UTF-8' }
  // The body is copied, because the program may reuse its memory.
  if (body instanceof Uint8Array) return { payload: Buffer.from(body), type: undefined }
  return undefined
}
