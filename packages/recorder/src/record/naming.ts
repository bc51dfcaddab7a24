import { quote } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'

/** What can identify a client that does not send its name. */
const identifiers = ['peer.process', 'peer.address', 'connection'] as const

export type Identifier = (typeof identifiers)[number]

/** How clients are identified: once per connection, or by names that they send. */
export type Naming = { readonly kind: 'fixed'; readonly session: string | undefined } | { readonly kind: 'said' }

/**
 * Parses `"client"`, which says how to identify clients that do not name themselves.
 *
 * @param namedBy how clients name themselves.
 *
 * @throws UserError that begins with `where`.
 */
export function parseIdentifier(client: unknown, namedBy: string, where: string): Identifier | undefined {
  if (client === undefined) return undefined
  const found = identifiers.find((identifier) => identifier === client)
  if (found !== undefined) return found
  throw inputError(
    `${where}: "client" is ${quote(client)}. Give ${identifiers.join(', ')}, or leave "client" out: then ${namedBy} identifies clients.`,
  )
}
