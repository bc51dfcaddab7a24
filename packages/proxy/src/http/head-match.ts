import type { HttpMatch } from '@chaosproxy/faults'
import { type ClientFilter, createClientFilter } from '../client-filter.ts'
import { compilePath, pathOf } from './path-pattern.ts'

/** What a request says at its head, whatever the version of HTTP. */
export interface MatchableHead {
  readonly method: string
  /** As it was sent; bytes as Latin-1. */
  readonly target: string
  /** By name in lower case. */
  readonly headers: { get(name: string): string | undefined }
}

export type HeadMatch = (head: MatchableHead, client: string) => boolean

type HeadCriteria = Pick<HttpMatch, 'method' | 'path' | 'header' | 'headerValue' | 'client'>

/** Whether all that is asked of a request's head, and of its client, holds; nothing asked holds of any. */
export function compileHeadMatch(match: HeadCriteria | undefined): HeadMatch {
  const methods = match?.method?.split(',').map((method) => method.toUpperCase())
  const path = match?.path === undefined ? undefined : compilePath(match.path)
  const header = match?.header?.toLowerCase()
  const headerValue = match?.headerValue
  const isClient = match?.client === undefined ? undefined : rememberLast(createClientFilter(match.client))
  return (head, client) => {
    if (methods !== undefined && !methods.includes(head.method)) return false
    if (path !== undefined && path.match(pathOf(head.target)) === null) return false
    if (header !== undefined) {
      const value = head.headers.get(header)
      if (value === undefined || (headerValue !== undefined && !value.includes(headerValue))) return false
    }
    return isClient === undefined || isClient(client)
  }
}

/** Most requests come from the client that the one before came from. */
function rememberLast(isClient: ClientFilter): ClientFilter {
  let last = ''
  let answer = isClient(last)
  return (address) => {
    if (address !== last) {
      last = address
      answer = isClient(address)
    }
    return answer
  }
}
