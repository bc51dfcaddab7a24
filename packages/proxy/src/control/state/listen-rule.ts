import { isLoopback, parseAddress, shorten } from './address.ts'
import { ControlError } from './errors.ts'

/**
 * Returns the address to open for a request that asks for `listen`. For an empty `listen`, this may be a loopback
 * address instead of every address.
 *
 * @throws ControlError (403) if the request must not open this address, UserError (usage) for an invalid address.
 */
export type ListenRule = (listen: string) => string

export interface ListenRuleOptions {
  /**
   * Whether requests may open any address, because they carry the token or because the user allows anyone to control
   * the proxy.
   */
  readonly isTrusted: boolean
  /** Addresses that the user gave when starting the proxy. */
  readonly named: readonly string[]
}

/**
 * Creates the rule for the addresses on which proxies may listen. If no token is required, every user account of this
 * machine can send requests. A request may then open only ports that every account can open itself: unprivileged ports
 * of loopback addresses.
 */
export function createListenRule({ isTrusted, named }: ListenRuleOptions): ListenRule {
  const known = new Set(named)
  return (listen) => {
    if (isTrusted || known.has(listen)) return listen
    if (listen === '') return '127.0.0.1:0'
    const { host, port } = parseAddress(listen)
    if (!isLoopback(host))
      throw new ControlError(
        403,
        `listen ${shorten(listen)}: other machines could reach this address, and any user of this machine could make the proxy listen on it. Listen on 127.0.0.1, or start the proxy with --token (or --open).`,
      )
    if (port > 0 && port < LOWEST_FREE_PORT)
      throw new ControlError(
        403,
        `listen ${shorten(listen)}: ports below ${LOWEST_FREE_PORT} need privileges, and any user of this machine could make the proxy listen on them. Take a higher port, or start the proxy with --token (or --open).`,
      )
    return listen
  }
}

const LOWEST_FREE_PORT = 1024
