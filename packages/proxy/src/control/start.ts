import type { Identity } from '../tls/authority.ts'
import { plainApi } from './metrics/plain-api.ts'
import type { ControlPlane } from './plane/plane.ts'
import { createGuard } from './server/guard.ts'
import { type ControlServer, startControlServer } from './server/server.ts'
import { isLoopback, parseAddress, resolveAddress } from './state/address.ts'
import { createListenRule } from './state/listen-rule.ts'
import { toxiproxyApi } from './toxiproxy/api.ts'
import type { ToxiproxyOptions } from './toxiproxy/routes.ts'
import { isVersioned, v1Api } from './v1/api.ts'

export interface ControlOptions {
  /** `host:port`. */
  readonly listen: string
  /**
   * The token that requests must carry. Without a token, the API is unauthenticated, and opens listeners on loopback
   * only, unless `isOpen` is set. The caller decides whether that is acceptable.
   */
  readonly token?: string | undefined
  /** Whether the user allows every client to control the proxy, even without a token. */
  readonly isOpen?: boolean | undefined
  /** Additional host names that browsers may use. `createGuard` decides which other names are allowed. */
  readonly hostNames?: readonly string[] | undefined
  /** The certificate and key for TLS; absent for plain HTTP. */
  readonly identity?: Identity | undefined
  readonly version: string
  /** If present, Toxiproxy's API is served too. */
  readonly toxiproxy?: ToxiproxyOptions | undefined
  readonly onRequest?: ((method: string, path: string, status: number) => void) | undefined
}

/** @throws UserError (usage, environment) if it cannot listen, (input) for an invalid certificate. */
export async function startControl(plane: ControlPlane, options: ControlOptions): Promise<ControlServer> {
  const address = parseAddress(options.listen)
  const { toxiproxy, token, isOpen = false, hostNames = [], identity } = options
  const named = plane.proxies.list().map(({ listen }) => listen)
  const mayListen = createListenRule({ isTrusted: isOpen || token !== undefined, named })
  const versioned = v1Api(plane, options.version, mayListen)
  const other = toxiproxy === undefined ? plainApi(plane, versioned) : toxiproxyApi(plane, toxiproxy, mayListen)
  return startControlServer({
    listen: await resolveAddress(address),
    identity,
    guard: createGuard({ listenHost: address.host, token, hostNames, isSecure: identity !== undefined }),
    apiOf: (path) => (isVersioned(path) ? versioned : other),
    onRequest: options.onRequest,
  })
}

/** Whether only this machine can reach the listener. Any other listener needs a token. */
export const isPrivateListener = (listen: string): boolean => isLoopback(parseAddress(listen).host)
