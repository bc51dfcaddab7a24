import { quote, readObject } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import { findRecordedProtocol, type RecordedProtocol, type SpokenProtocol } from '@chaosproxy/recorder/protocols'
import { parseRouteTable } from '@chaosproxy/recorder/routes'
import { type Encryption, type Framing, framingNames, parseFraming } from '@chaosproxy/wire'

/** The protocol a proxy carries, if known. Needed to fault or record single requests and messages. */
export type Carriage =
  | { readonly kind: 'http'; readonly table: RouteTable | undefined; readonly websocket: boolean }
  | { readonly kind: 'http2'; readonly table: RouteTable | undefined }
  | SpokenProtocol
  | { readonly kind: 'messages'; readonly framing: Framing }

/** The names `parseCarriage` accepts, for help and documentation. */
export const carriageNames = (): readonly string[] => ['http', 'http2', ...framingNames()]

/**
 * A name, `"http"`, `"resp"` or `"json-lines"`, or an object with settings. `{"kind":"http","routes":[…]}` and
 * `{"kind":"http2","routes":[…]}` map requests to operations; `"websocket":true` also reads what follows an upgrade.
 * `{"kind":"resp","commands":"counter"}` maps commands to operations: `"cas"` names the compare-and-set script (see
 * `commandSet`), and `"scripts":"keys"` promises that scripts write only the keys they declare.
 * `{"kind":"length-prefixed",…}` says where the lengths are.
 *
 * @throws UserError that begins with `where`.
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

/** How its connections are cut into messages. */
export function framingOf(carries: Carriage | undefined): Framing | undefined {
  if (carries?.kind === 'spoken') return carries.protocol.framing
  return carries?.kind === 'messages' ? carries.framing : undefined
}

/** How clients ask for encryption, if connections of this protocol begin in plaintext. */
export const encryptionOf = (carries: Carriage | undefined): Encryption | undefined => framingOf(carries)?.encryption

/** What decides which requests are operations; undefined if nothing does. */
export function recordedBy(carries: Carriage | undefined): 'routes' | RecordedProtocol | undefined {
  if (carries?.kind === 'spoken') return carries.protocol
  return carries !== undefined && 'table' in carries && carries.table !== undefined ? 'routes' : undefined
}

/** The protocol as it is recorded by default: HTTP without its own routes gets those of the default. */
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
