import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from '../state/address.ts'

/** Decides who may use the control interface. */
export interface GuardOptions {
  /** The listener's host. For a loopback address, the request's `Host` must be a loopback name. */
  readonly listenHost: string
  /** The token that every request must carry, if set: `Authorization: Bearer TOKEN`. */
  readonly token: string | undefined
  /** Further names for a request's `Host`. */
  readonly hostNames: readonly string[]
  /** Whether the control interface uses TLS. */
  readonly isSecure?: boolean | undefined
}

/** Returns why to reject a request; undefined if it may pass. */
export type Guard = (headers: IncomingHttpHeaders) => { readonly status: number; readonly why: string } | undefined

/**
 * Creates the guard against web pages, since the interface injects faults and opens ports. Browsers name the origin of
 * every state-changing request. A page could also use a domain that it points here (DNS rebinding), so a listener on
 * loopback accepts only loopback names, and any other without a token only private names.
 */
export function createGuard({ listenHost, token, hostNames, isSecure = false }: GuardOptions): Guard {
  const names = new Set([listenHost, ...hostNames].map((name) => name.toLowerCase()))
  const local = isLoopback(listenHost)
  const scheme = isSecure ? 'https' : 'http'
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`)
  return (headers) => {
    const host = hostName(headers.host)
    if (local && !isLoopback(host) && !names.has(host))
      return { status: 403, why: `Host ${headers.host ?? ''} is not this machine; ask for 127.0.0.1 or localhost` }
    if (!local && token === undefined && !isPrivateName(host) && !names.has(host))
      return {
        status: 403,
        why: `Host ${headers.host ?? ''} may be a name that a web page made up; ask for an address, or start the proxy with --host-name ${host}`,
      }
    if (headers.origin !== undefined && headers.origin !== `${scheme}://${headers.host ?? ''}`)
      return { status: 403, why: 'requests from web pages of other origins are refused' }
    const site = headers['sec-fetch-site']
    if (site === 'cross-site' || site === 'same-site')
      return { status: 403, why: 'requests from web pages of other origins are refused' }
    if (expected !== undefined && !timingSafeEqual(expected, digest(headers.authorization ?? '')))
      return { status: 401, why: 'a token is needed: Authorization: Bearer TOKEN' }
    return undefined
  }
}

/** Whether no public DNS can have the host: an address, a name without a dot, or one for local use. */
const isPrivateName = (host: string): boolean =>
  isIP(host) !== 0 || !host.includes('.') || /\.(internal|local|localhost|test)$/.test(host)

const hostName = (host: string | undefined): string => {
  const name = (host ?? '').toLowerCase().replace(/:\d*$/, '')
  return name.replace(/^\[(.*)\]$/, '$1')
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
