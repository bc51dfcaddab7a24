import { quote } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'

/** What can identify clients of a protocol instead of their own names. */
const identifiers = ['peer.process', 'peer.address', 'connection'] as const

export type Identifier = (typeof identifiers)[number]

/** How clients are identified: once for the connection, or by the name that they give during it. */
export type Naming = { readonly kind: 'fixed'; readonly session: string | undefined } | { readonly kind: 'said' }

/**
 * Parses `"client"`; undefined if clients name themselves.
 *
 * @param namedBy How they name themselves.
 *
 * @throws UserError that begins with `where`.
 */
export function parseIdentifier(client: unknown, namedBy: string, where: string): Identifier | undefined {
  if (client === undefined) return undefined
  const found = identifiers.find((identifier) => identifier === client)
  if (found !== undefined) return found
  throw inputError(
    `${where}: "client" is ${quote(client)}. Give ${identifiers.join(', ')}, or leave it out: then ${namedBy} names clients.`,
  )
}
