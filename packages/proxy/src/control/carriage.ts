import { quote, readObject } from '@chaos/faults'
import { UserError } from '@chaos/history'
import type { Framing } from '../framing/framing.ts'
import { framingNames, parseFraming } from '../framing/parse-framing.ts'
import type { RouteTable } from '../http/route-table.ts'
import { parseRouteTable } from '../http/routes/parse-table.ts'
import { type CommandSet, commandModels, commandSet } from '../resp/command-set.ts'

/** What a proxy's bytes are, as far as it is to know: so that single requests and messages can be hurt and recorded. */
export type Carriage =
  | { readonly kind: 'http'; readonly table: RouteTable | undefined; readonly websocket: boolean }
  | { readonly kind: 'http2'; readonly table: RouteTable | undefined }
  | { readonly kind: 'resp'; readonly commands: CommandSet }
  | { readonly kind: 'messages'; readonly framing: Framing }

/** What `parseCarriage` takes, for help and documents. */
export const carriageNames: readonly string[] = ['http', 'http2', ...framingNames]

/**
 * `"http"`, `"resp"`, `"json-lines"`, or an object with more: `{"kind":"http","routes":[…]}` says how requests are
 * operations, and so does `{"kind":"http2","routes":[…]}`; with `"websocket":true` what comes after an upgrade is read
 * too, `{"kind":"resp","commands":"counter"}` says how commands are operations, its `"cas"` which script compares and sets
 * (see `commandSet`), its `"scripts":"keys"` that scripts write none but the keys they declare, and
 * `{"kind":"length-prefixed",…}` where lengths are.
 *
 * @throws UserError that begins with `where`.
 */
export function parseCarriage(value: unknown, where: string): Carriage {
  const { kind, ...members } = typeof value === 'string' ? { kind: value } : readObject(value, where)
  if (kind === 'http') return parseHttp(members, where)
  if (kind === 'http2') return { kind, table: parseTable(members, where) }
  if (kind === 'resp') return { kind, commands: parseCommands(members, where) }
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

function parseCommands(members: { readonly [name: string]: unknown }, where: string): CommandSet {
  refuseUnknown(members, ['commands', 'cas', 'scripts'], where)
  const { commands: model = 'register', cas, scripts = 'anything' } = members
  if (cas !== undefined && (typeof cas !== 'string' || cas === ''))
    throw new UserError(
      'input',
      `${where}: "cas" is ${quote(cas)}. Give the source of the script that compares and sets.`,
    )
  if (scripts !== 'anything' && scripts !== 'keys')
    throw new UserError(
      'input',
      `${where}: "scripts" is ${quote(scripts)}. Give "keys" where no script writes a key that it does not declare, or "anything".`,
    )
  if (typeof model !== 'string' || !commandModels.includes(model))
    throw new UserError('input', `${where}: "commands" is ${quote(model)}. Known: ${commandModels.join(', ')}.`)
  return commandSet({ model, cas, scriptsKeepToKeys: scripts === 'keys' })
}

function refuseUnknown(members: { readonly [name: string]: unknown }, known: readonly string[], where: string): void {
  const stranger = Object.keys(members).find((name) => !known.includes(name))
  if (stranger === undefined) return
  throw new UserError('input', `${where} has no member ${quote(stranger)}. It has: ${known.join(', ') || 'none'}.`)
}
