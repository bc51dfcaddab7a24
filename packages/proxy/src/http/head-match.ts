import type { HttpMatch } from '@chaosproxy/faults'
import { compilePath, type MatchableHead, pathOf } from '@chaosproxy/wire/http'
import { type ClientFilter, createClientFilter } from '../link/client-filter.ts'

export type HeadMatch = (head: MatchableHead, client: string) => boolean

type HeadCriteria = Pick<HttpMatch, 'method' | 'path' | 'header' | 'headerValue' | 'client'>

/** Whether a request's head and client meet all criteria. Without criteria every request does. */
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

/** Caches the last result, since most requests come from the same client as the one before. */
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
