import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

export interface ApiRequest {
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

export interface ApiStream {
  stream(response: ServerResponse): void
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ApiRoute {
  readonly method: Method
  /** The pattern of the path, such as `/proxies/{proxy}`. A name in braces matches any one segment. */
  readonly path: string
  handle(request: ApiRequest): ApiReply | ApiStream | Promise<ApiReply | ApiStream>
}

export interface Api {
  readonly routes: readonly ApiRoute[]
  /** Returns a response that rejects the request before any route is matched; undefined if the request may pass. */
  refuse?(headers: IncomingHttpHeaders): ApiReply | undefined
  noSuchPath(path: string): ApiReply
  wrongMethod(allowed: readonly Method[]): ApiReply
  failed(error: unknown, path: string): ApiReply
  headers(): { readonly [name: string]: string }
}

export type Match =
  | { readonly route: ApiRoute; readonly params: ReadonlyMap<string, string> }
  | { readonly allowed: readonly Method[] }

/** Returns the route for a method and a path, or the methods that the path allows. */
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

/** Splits and decodes a path; undefined if it is not valid percent-encoded UTF-8. */
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
