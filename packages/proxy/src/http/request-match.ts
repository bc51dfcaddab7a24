import type { HttpMatch } from '@chaosproxy/faults'
import { compilePath, type MatchableHead, pathOf } from '@chaosproxy/wire/http'
import { type ClientFilter, createClientFilter } from '../link/client-filter.ts'

export interface Known {
  readonly head: MatchableHead
  readonly client: string
  /** The start of the request's body; undefined until it has arrived. */
  readonly body?: Buffer | undefined
  /** The status of the response; undefined until the response has arrived. */
  readonly status?: number | undefined
}

/** Returns whether a request matches; undefined while that depends on facts not known yet. */
export type Judge = (known: Known) => boolean | undefined

/** Compiles a match. A request must meet all conditions. It is excluded if it meets all conditions under `not`. */
export function compileMatch(match: HttpMatch | undefined): Judge {
  const { not, ...conditions } = match ?? {}
  const meets = allOf(judgesOf(conditions))
  if (not === undefined) return meets
  const isExcluded = allOf(judgesOf(not))
  return (known) => {
    const met = meets(known)
    if (met === false) return false
    const excluded = isExcluded(known)
    return excluded === true ? false : excluded === false ? met : undefined
  }
}

function allOf(judges: readonly Judge[]): Judge {
  return (known) => {
    let verdict: boolean | undefined = true
    for (const judge of judges) {
      const met = judge(known)
      if (met === false) return false
      if (met === undefined) verdict = undefined
    }
    return verdict
  }
}

function judgesOf(match: Omit<HttpMatch, 'not'>): readonly Judge[] {
  const judges: Judge[] = []
  const methods = match.method?.split(',').map((method) => method.toUpperCase())
  if (methods !== undefined) judges.push(({ head }) => methods.includes(head.method))
  const path = match.path === undefined ? undefined : compilePath(match.path)
  if (path !== undefined) judges.push(({ head }) => path.match(pathOf(head.target)) !== null)
  const header = match.header?.toLowerCase()
  if (header !== undefined) {
    const wanted = match.headerValue ?? ''
    judges.push(({ head }) => head.headers.get(header)?.includes(wanted) === true)
  }
  const isClient = match.client === undefined ? undefined : rememberLast(createClientFilter(match.client))
  if (isClient !== undefined) judges.push(({ client }) => isClient(client))
  const text = match.body === undefined ? undefined : Buffer.from(match.body)
  if (text !== undefined) judges.push(({ body }) => body?.includes(text))
  const digits = match.status?.replace('xx', '')
  if (digits !== undefined)
    judges.push(({ status }) => (status === undefined ? undefined : String(status).startsWith(digits)))
  return judges
}

/** Caches the last result, because most requests come from the same client as the previous request. */
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
