import { quote, readObject } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { findRecordedProtocol, type RecordedProtocol, type SpokenProtocol } from '@chaosproxy/recorder/protocols'
import { parseRouteTable } from '@chaosproxy/recorder/routes'
import { type Encryption, type Framing, framingNames, parseFraming } from '@chaosproxy/wire'

/**
 * The protocol of a proxy's traffic. A proxy must know the protocol to record single requests, or to apply faults to
 * them.
 */
export type Carriage =
  | { readonly kind: 'http'; readonly table: RouteTable | undefined; readonly websocket: boolean }
  | { readonly kind: 'http2'; readonly table: RouteTable | undefined }
  | SpokenProtocol
  | { readonly kind: 'messages'; readonly framing: Framing }

export const carriageNames = (): readonly string[] => ['http', 'http2', ...framingNames()]

/**
 * Parses a proxy's `carries`: a name, such as `"http"`, `"resp"` or `"json-lines"`, or an object with settings.
 * `{"kind":"http","routes":[…]}` and `{"kind":"http2","routes":[…]}` map requests to operations; `"websocket":true`
 * also reads the messages after an upgrade. `{"kind":"resp","commands":"counter"}` maps commands to operations: `"cas"`
 * names the compare-and-set script (see `commandSet`), and `"scripts":"keys"` promises that scripts write only the keys
 * they declare. `{"kind":"length-prefixed",…}` describes the length field.
 *
 * @throws UserError with a message that begins with `where`.
 */
export function parseCarriage(value: unknown, where: string): Carriage {
  const { kind, ...members } = typeof value === 'string' ? { kind: value } : readObject(value, where)
  if (kind === 'http') return parseHttp(members, where)
  if (kind === 'http2') return { kind, table: parseTable(members, where) }
  const protocol = findRecordedProtocol(kind)
  if (protocol !== undefined && (!protocol.needsSettings || Object.keys(members).length > 0))
    return protocol.parse(members, where)
  if (typeof kind === 'string' && framingNames().includes(kind))
    return { kind: 'messages', framing: parseFraming(value, where) }
  throw inputError(`${where} is ${quote(kind)}. Known: ${carriageNames().join(', ')}.`)
}

export const carriageName = (carries: Carriage): string =>
  carries.kind === 'spoken' ? carries.protocol.kind : carries.kind

export function framingOf(carries: Carriage | undefined): Framing | undefined {
  if (carries?.kind === 'spoken') return carries.protocol.framing
  return carries?.kind === 'messages' ? carries.framing : undefined
}

/** Returns how clients ask for encryption, if connections of the protocol begin in plaintext. */
export const encryptionOf = (carries: Carriage | undefined): Encryption | undefined => framingOf(carries)?.encryption

/** Returns what maps requests to operations: a route table or a protocol. */
export function recordedBy(carries: Carriage | undefined): 'routes' | RecordedProtocol | undefined {
  if (carries?.kind === 'spoken') return carries.protocol
  return carries !== undefined && 'table' in carries && carries.table !== undefined ? 'routes' : undefined
}

/**
 * Returns the protocol by which a recording interprets a proxy's traffic: `carries`, the protocol of the proxy, or
 * `recorded` if `carries` is undefined. If both are HTTP and `carries` has no routes, returns `carries` with the routes
 * of `recorded`.
 */
export function recordedAs(carries: Carriage | 'tcp' | undefined, recorded: Carriage): Carriage | 'tcp' {
  if (carries === undefined) return recorded
  if (carries === 'tcp' || recorded.kind !== 'http' || !('table' in carries) || carries.table !== undefined)
    return carries
  return { ...carries, table: recorded.table }
}

function parseHttp(members: { readonly [name: string]: unknown }, where: string): Carriage {
  const { websocket: upgrades = false, ...table } = members
  if (typeof upgrades !== 'boolean')
    throw inputError(`${where}: "websocket" is ${quote(upgrades)}. Give true or false.`)
  return {
    kind: 'http',
    table: parseTable(table, where),
    websocket: upgrades,
  }
}

const parseTable = (table: { readonly [name: string]: unknown }, where: string): RouteTable | undefined =>
  Object.keys(table).length === 0 ? undefined : parseRouteTable(table, where)
