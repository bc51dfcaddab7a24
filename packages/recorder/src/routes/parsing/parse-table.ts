import { quote, readObject } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'
import type { Schema } from '@chaosproxy/wire/grpc'
import { parseSchema } from '@chaosproxy/wire/grpc'
import { type Normalize, normalizationOf } from '../mapping/textual-values.ts'
import { initialReadOf } from '../table/initial-target.ts'
import { type InitialSpec, isIgnored, type RouteTable } from '../table/route-table.ts'
import { given, type Members, optional, refuseUnknown, wrong } from './parse-members.ts'
import { parseClient, parseRoute } from './parse-route.ts'
import { parseSends } from './parse-value.ts'
import { tableMembers } from './route-members.ts'
import { checkRoutes } from './table-checks.ts'

/**
 * Reads a table: `{"routes":[{"request":"PUT /kv/{key}","f":"write","value":"json.value"}, …]}`. Mistakes are refused
 * here, so that they do not first show in a history.
 *
 * @param where the start of every error message: the file or proxy.
 * @throws UserError (input)
 */
export function parseRouteTable(value: unknown, where: string): RouteTable {
  const members = readObject(value, where)
  refuseUnknown(members, tableMembers, where)
  const { routes, requestId, final, client, sends, ignoredParameters } = members
  if (!Array.isArray(routes) || routes.length === 0)
    throw wrong(
      `${where}: "routes" must be a list of at least one, such as {"request":"GET /kv/{key}","f":"read","result":"body"}.`,
    )
  if (requestId !== undefined && (typeof requestId !== 'string' || requestId === ''))
    throw wrong(`${where}: "requestId" is ${quote(requestId)}. Name a field, such as "Idempotency-Key".`)
  if (final !== undefined && (typeof final !== 'string' || final === ''))
    throw wrong(`${where}: "final" is ${quote(final)}. Name a field, such as "X-Final".`)
  const parsed = routes.map((route: unknown, i) => parseRoute(route, `${where}: route ${i + 1}`))
  const table: RouteTable = {
    routes: parsed,
    ...optional('requestId', requestId),
    ...optional('final', final),
    ...optional(
      'ignoredParameters',
      given(ignoredParameters, (names) => parseNames(names, `${where}: "ignoredParameters"`)),
    ),
    ...optional(
      'client',
      given(client, (given) => parseClient(given, `${where}: "client"`)),
    ),
    ...optional(
      'sends',
      given(sends, (given) => parseSends(given, { where: `${where}: "sends"`, names: [] })),
    ),
    ...optional('initial', parseInitial(members, where, normalizationOf({ routes: parsed }))),
    ...optional('schema', parseSchema(members, where)),
  }
  for (const [i, route] of table.routes.entries())
    if (!isIgnored(route)) refuseStream(route.request, table.schema, `${where}: route ${i + 1}`)
  checkRoutes(table.routes, where)
  if (typeof table.initial === 'object' && 'read' in table.initial && initialReadOf(table) === undefined)
    throw wrong(
      `${where}: "initial" is "read", and no route says how: one is needed with GET, "f": "read" and a key of the path or the query alone.`,
    )
  return table
}

function parseNames(value: unknown, where: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== ''))
    return value
  throw wrong(`${where} is ${quote(value)}. List names of query parameters: ["_", "api-version"].`)
}

/** Refuses routes for calls that stream messages, which cannot be operations. */
function refuseStream(request: string, schema: Schema | undefined, where: string): void {
  const path = request.slice(request.indexOf(' ') + 1)
  if (schema?.methods.get(path)?.streams === true)
    throw wrong(
      `${where} (${request}): this method streams messages, and is no operation. Leave it out or, where it writes nothing, say "ignore": true.`,
    )
}

function parseInitial({ initial, keys }: Members, where: string, normalize: Normalize): InitialSpec | undefined {
  if (keys !== undefined && initial !== 'read')
    throw wrong(`${where}: "keys" are what is read at the start: say "initial": "read" as well.`)
  if (initial === undefined || initial === 'unknown') return initial
  if (initial === 'read') {
    if (Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'string' && key !== ''))
      return { read: keys as string[] }
    throw wrong(`${where}: "keys" is ${quote(keys)}. List what is to be read at the start: "keys": ["x", "y"].`)
  }
  if (initial !== null && typeof initial === 'object' && Object.keys(initial).join() === 'value')
    return { value: normalize((initial as { readonly value: Json }).value) }
  throw wrong(`${where}: "initial" is ${quote(initial)}. Give "unknown", "read" or {"value": …}.`)
}
