import { quote, readObject } from '@chaosproxy/faults'
import { UserError } from '@chaosproxy/history'
import type { Framing } from '../framing/framing.ts'
import { framingNames, parseFraming } from '../framing/parse-framing.ts'
import type { RouteTable } from '../http/route-table.ts'
import { parseRouteTable } from '../http/routes/parse-table.ts'
import { parseRespSettings, type RespSettings } from '../resp/resp-settings.ts'

/** What a proxy's bytes are, as far as it is to know: so that single requests and messages can be hurt and recorded. */
export type Carriage =
  | { readonly kind: 'http'; readonly table: RouteTable | undefined; readonly websocket: boolean }
  | { readonly kind: 'http2'; readonly table: RouteTable | undefined }
  | ({ readonly kind: 'resp' } & RespSettings)
  | { readonly kind: 'messages'; readonly framing: Framing }

/** What `parseCarriage` takes, for help and documents. */
export const carriageNames: readonly string[] = ['http', 'http2', ...framingNames]

/**
 * `"http"`, `"resp"`, `"json-lines"`, or an object with more: `{"kind":"http","routes":[…]}` says how requests are
 * operations, and so does `{"kind":"http2","routes":[…]}`; with `"websocket":true` what comes after an upgrade is read
 * too, `{"kind":"resp","commands":"counter"}` says how commands are operations, its `"cas"` which script compares and
 * sets (see `commandSet`), its `"scripts":"keys"` that scripts write none but the keys they declare, and
 * `{"kind":"length-prefixed",…}` where lengths are.
 *
 * @throws UserError that begins with `where`.
 */
export function parseCarriage(value: unknown, where: string): Carriage {
  const { kind, ...members } = typeof value === 'string' ? { kind: value } : readObject(value, where)
  if (kind === 'http') return parseHttp(members, where)
  if (kind === 'http2') return { kind, table: parseTable(members, where) }
  if (kind === 'resp') return { kind, ...parseRespSettings(members, where) }
  if (typeof kind === 'string' && framingNames.includes(kind))
    return { kind: 'messages', framing: parseFraming(value, where) }
  throw new UserError('input', `${where} is ${quote(kind)}. Known: ${carriageNames.join(', ')}.`)
}

function parseHttp(members: { readonly [name: string]: unknown }, where: string): Carriage {
  const { websocket: upgrades = false, ...table } = members
  if (typeof upgrades !== 'boolean')
    throw new UserError('input', `${where}: "websocket" is ${quote(upgrades)}. Give true or false.`)
  return {
    kind: 'http',
    table: parseTable(table, where),
    websocket: upgrades,
  }
}

const parseTable = (table: { readonly [name: string]: unknown }, where: string): RouteTable | undefined =>
  Object.keys(table).length === 0 ? undefined : parseRouteTable(table, where)
