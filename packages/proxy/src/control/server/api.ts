import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

/** A request as a handler receives it: matched to a route, within limits, and read completely. */
export interface ApiRequest {
  /** Returns the decoded value of the path's `{name}`. */
  param(name: string): string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface ApiReply {
  readonly status: number
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly body?: string | undefined
}

/** A response that continues until the client disconnects. */
export interface ApiStream {
  stream(response: ServerResponse): void
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ApiRoute {
  readonly method: Method
  /** The pattern of the path: `/proxies/{proxy}`. A name in braces matches any one segment. */
  readonly path: string
  handle(request: ApiRequest): ApiReply | ApiStream | Promise<ApiReply | ApiStream>
}

/** Routes with a common error format. */
export interface Api {
  owns(path: string): boolean
  readonly routes: readonly ApiRoute[]
  /** Returns a response that rejects the request before any route is matched; undefined if the request may pass. */
  refuse?(headers: IncomingHttpHeaders): ApiReply | undefined
  noSuchPath(path: string): ApiReply
  wrongMethod(allowed: readonly Method[]): ApiReply
  failed(error: unknown, path: string): ApiReply
  /** Returns headers that every response gets. */
  headers(): { readonly [name: string]: string }
}

export type Match =
  | { readonly route: ApiRoute; readonly params: ReadonlyMap<string, string> }
  | { readonly allowed: readonly Method[] }

/**
 * Returns the route for a method and a path, or the methods that the path allows. The list is empty if there is no such
 * path.
 */
export function matchRoute(routes: readonly ApiRoute[], method: string, path: string): Match {
  const segments = decodeSegments(path)
  const allowed: Method[] = []
  for (const route of routes) {
    const params = segments === undefined ? undefined : matchSegments(route.path.split('/'), segments)
    if (params === undefined) continue
    if (route.method === method) return { route, params }
    allowed.push(route.method)
  }
  return { allowed }
}

/** Splits and decodes a path; undefined if it is not valid percent-encoded UTF-8, which no route matches. */
function decodeSegments(path: string): readonly string[] | undefined {
  try {
    return path.split('/').map(decodeURIComponent)
  } catch {
    return undefined
  }
}

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): ReadonlyMap<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params = new Map<string, string>()
  for (const [i, part] of pattern.entries()) {
    const segment = segments[i] ?? ''
    const name = /^\{(.+)\}$/.exec(part)?.[1]
    if (name === undefined ? part !== segment : segment === '') return undefined
    if (name !== undefined) params.set(name, segment)
  }
  return params
}
