import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isLoopback } from '../address.ts'

/** Who may ask. */
export interface GuardOptions {
  /** As it was given: where it is of this machine alone, so must be the name a request comes with. */
  readonly listenHost: string
  /** Where there is one, every request must bring it: `Authorization: Bearer TOKEN`. */
  readonly token: string | undefined
}

/** Why a request is turned away, and with which status; undefined where it may pass. */
export type Guard = (headers: IncomingHttpHeaders) => { readonly status: number; readonly why: string } | undefined

/**
 * A control interface moves faults and ports, so a web page must not reach it: neither by asking from the page (every
 * state-changing request of a browser names its origin), nor through a name of its own that it lets point to this
 * machine (DNS rebinding), which is why a listener on loopback takes loopback names only.
 */
export function createGuard({ listenHost, token }: GuardOptions): Guard {
  const local = isLoopback(listenHost)
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`)
  return (headers) => {
    const host = hostName(headers.host)
    if (local && !isLoopback(host) && host !== listenHost)
      return { status: 403, why: `Host ${headers.host ?? ''} is not this machine; ask for 127.0.0.1 or localhost` }
    if (headers.origin !== undefined && headers.origin !== `http://${headers.host ?? ''}`)
      return { status: 403, why: 'requests of web pages from elsewhere are not answered' }
    const site = headers['sec-fetch-site']
    if (site === 'cross-site' || site === 'same-site')
      return { status: 403, why: 'requests of web pages from elsewhere are not answered' }
    if (expected !== undefined && !timingSafeEqual(expected, digest(headers.authorization ?? '')))
      return { status: 401, why: 'a token is needed: Authorization: Bearer TOKEN' }
    return undefined
  }
}

/** Without the port, in lower case, and an IPv6 address without its brackets. */
const hostName = (host: string | undefined): string => {
  const name = (host ?? '').toLowerCase().replace(/:\d*$/, '')
  return name.replace(/^\[(.*)\]$/, '$1')
}

/** Of one length, so that comparing takes the same time for all of them. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
