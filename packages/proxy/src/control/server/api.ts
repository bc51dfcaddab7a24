import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

export interface ApiRequest {
  /** Returns the decoded `{name}` of the path. */
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

/** A response that lasts until the client disconnects. */
export interface ApiStream {
  stream(response: ServerResponse): void
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ApiRoute {
  readonly method: Method
  /** The path's pattern: in `/proxies/{proxy}`, braces match any one segment. */
  readonly path: string
  handle(request: ApiRequest): ApiReply | ApiStream | Promise<ApiReply | ApiStream>
}

export interface Api {
  owns(path: string): boolean
  readonly routes: readonly ApiRoute[]
  /** Returns a response that rejects the request before routing, if any. */
  refuse?(headers: IncomingHttpHeaders): ApiReply | undefined
  noSuchPath(path: string): ApiReply
  wrongMethod(allowed: readonly Method[]): ApiReply
  failed(error: unknown, path: string): ApiReply
  headers(): { readonly [name: string]: string }
}

export type Match =
  | { readonly route: ApiRoute; readonly params: ReadonlyMap<string, string> }
  | { readonly allowed: readonly Method[] }

/** Returns the route, or the methods that the path allows: none for no such path. */
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

/** Splits and decodes a path; undefined for invalid UTF-8, which no route matches. */
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
