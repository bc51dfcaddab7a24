import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

/** A request as routes see it: matched, within limits and read to its end. */
export interface ApiRequest {
  /** What stands in the path's `{braces}`, decoded. */
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

/** An answer that goes on for as long as the asker stays. */
export interface ApiStream {
  stream(response: ServerResponse): void
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ApiRoute {
  readonly method: Method
  /** `/proxies/{proxy}`: what stands in braces matches one segment, whatever is in it. */
  readonly path: string
  handle(request: ApiRequest): ApiReply | ApiStream | Promise<ApiReply | ApiStream>
}

/** Routes that share a way to fail. */
export interface Api {
  /** Which paths are its own. */
  owns(path: string): boolean
  readonly routes: readonly ApiRoute[]
  /** Turns away before any route is looked at. */
  refuse?(headers: IncomingHttpHeaders): ApiReply | undefined
  noSuchPath(path: string): ApiReply
  wrongMethod(allowed: readonly Method[]): ApiReply
  failed(error: unknown, path: string): ApiReply
  /** Of every answer. */
  headers(): { readonly [name: string]: string }
}

export type Match =
  | { readonly route: ApiRoute; readonly params: ReadonlyMap<string, string> }
  | { readonly allowed: readonly Method[] }

/** The route of a path and method, or which methods the path knows: none where there is no such path. */
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

/** Undefined for a path that is no UTF-8 in percent-encoding: nothing has such a name. */
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
