import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from '../state/address.ts'

/** The settings that decide who may use the control interface. */
export interface GuardOptions {
  /** The listener's host as given. If it is a loopback address, the request's `Host` must be a loopback name too. */
  readonly listenHost: string
  /** The token that every request must carry, if set: `Authorization: Bearer TOKEN`. */
  readonly token: string | undefined
  /** Additional host names that a request's `Host` may contain. */
  readonly hostNames: readonly string[]
  /** Whether the control interface uses TLS. */
  readonly isSecure?: boolean | undefined
}

export type Guard = (headers: IncomingHttpHeaders) => { readonly status: number; readonly why: string } | undefined

/**
 * Creates the guard against requests from web pages, because a control interface injects faults and opens ports.
 * Browsers name the origin of every state-changing request. A page could also use a domain that it points at this
 * machine (DNS rebinding). Therefore a listener on loopback accepts only loopback names, and any other listener without
 * a token accepts only names that no public DNS has.
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
        why: `Host ${headers.host ?? ''} may be a name that a web page pointed at this machine (DNS rebinding); use an IP address instead, or start the proxy with --host-name ${host}`,
      }
    const isOtherOrigin = headers.origin !== undefined && headers.origin !== `${scheme}://${headers.host ?? ''}`
    const site = headers['sec-fetch-site']
    if (isOtherOrigin || site === 'cross-site' || site === 'same-site')
      return { status: 403, why: 'requests from web pages of other origins are refused' }
    if (expected !== undefined && !timingSafeEqual(expected, digest(headers.authorization ?? '')))
      return { status: 401, why: 'a token is needed: Authorization: Bearer TOKEN' }
    return undefined
  }
}

/**
 * Whether public DNS cannot contain the host. True for an IP address, a name without a dot, and a name reserved for
 * local use.
 */
const isPrivateName = (host: string): boolean =>
  isIP(host) !== 0 || !host.includes('.') || /\.(internal|local|localhost|test)$/.test(host)

const hostName = (host: string | undefined): string => {
  const name = (host ?? '').toLowerCase().replace(/:\d*$/, '')
  return name.replace(/^\[(.*)\]$/, '$1')
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
