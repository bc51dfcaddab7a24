import { isLoopback, parseAddress, shorten } from './address.ts'
import { ControlError } from './errors.ts'

/**
 * Where a request for a listener at this address may open it: there, or nowhere. An empty address, which stands for
 * every one of this machine, may be narrowed to loopback.
 *
 * @throws ControlError (403) if it may not, UserError (usage) for no address.
 */
export type ListenRule = (listen: string) => string

export interface ListenRuleOptions {
  /** Whether requests prove who sent them, by the token, or anyone may steer, by the user's own word. */
  readonly isTrusted: boolean
  /** Addresses that the user of the proxy has named at its start. */
  readonly named: readonly string[]
}

/**
 * Without a token every account of this machine can ask. It may then open what such an account could open itself: ports
 * of this machine only, and none that need privileges.
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
        `listen ${shorten(listen)}: other machines could reach it, and anyone here may ask for it. Listen on 127.0.0.1, or start the proxy with --token (or --open).`,
      )
    if (port > 0 && port < LOWEST_FREE_PORT)
      throw new ControlError(
        403,
        `listen ${shorten(listen)}: ports below ${LOWEST_FREE_PORT} need privileges, and anyone here may ask for it. Take a higher port, or start the proxy with --token (or --open).`,
      )
    return listen
  }
}

const LOWEST_FREE_PORT = 1024
