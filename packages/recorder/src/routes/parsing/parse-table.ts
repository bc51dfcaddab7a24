import { quote, readObject } from '@chaosproxy/faults'
import { parseSchema, type Schema } from '@chaosproxy/wire/grpc'
import { type Normalize, normalizationOf } from '../mapping/textual-values.ts'
import { initialReadOf } from '../table/initial-target.ts'
import { type InitialSpec, isIgnored, type RouteTable } from '../table/route-table.ts'
import { parseMembers, refuseUnknown, TABLE_SCOPE, wrong } from './members.ts'
import { checkRoutes } from './table-checks.ts'
import { tableMembers, type WrittenTable } from './table-members.ts'

/**
 * Parses a table: `{"routes":[{"request":"PUT /kv/{key}","f":"write","value":"json.value"}, …]}`.
 *
 * @param where the beginning of every error message: the file or proxy.
 *
 * @throws UserError (input)
 */
export function parseRouteTable(value: unknown, where: string): RouteTable {
  const written = readObject(value, where)
  refuseUnknown(written, tableMembers, where)
  const routes = tableMembers.routes.parse(written['routes'], `${where}: "routes"`, TABLE_SCOPE)
  const { initial, keys, requestId, final, client, sends, ignoredParameters } = parseMembers(
    { ...written, routes: undefined },
    tableMembers,
    where,
    TABLE_SCOPE,
  )
  const start = startOf({ initial, keys }, where, normalizationOf({ routes }))
  const schema = parseSchema(written, where)
  const table: RouteTable = {
    routes,
    ...(requestId !== undefined && { requestId }),
    ...(final !== undefined && { final }),
    ...(ignoredParameters && { ignoredParameters }),
    ...(client !== undefined && { client }),
    ...(sends && { sends }),
    ...(start !== undefined && { initial: start }),
    ...(schema && { schema }),
  }
  for (const [i, route] of routes.entries())
    if (!isIgnored(route)) refuseStream(route.request, schema, `${where}: route ${i + 1}`)
  checkRoutes(routes, where)
  if (initial === 'read' && initialReadOf(table) === undefined)
    throw wrong(
      `${where}: "initial" is "read", but no route can read a key. Add a route with GET, "f": "read" and a key that is only in the path or the query.`,
    )
  return table
}

/** Refuses routes for streaming calls, which cannot be operations. */
function refuseStream(request: string, schema: Schema | undefined, where: string): void {
  const path = request.slice(request.indexOf(' ') + 1)
  if (schema?.methods.get(path)?.streams === true)
    throw wrong(
      `${where} (${request}): this method streams messages, and is not an operation. Leave it out or, where it writes nothing, say "ignore": true.`,
    )
}

/** Parses the initial values, by "initial" and "keys". */
function startOf(
  { initial, keys }: Pick<WrittenTable, 'initial' | 'keys'>,
  where: string,
  normalize: Normalize,
): InitialSpec | undefined {
  if (keys !== undefined && initial !== 'read')
    throw wrong(`${where}: "keys" are read at the start: add "initial": "read".`)
  if (initial === 'read') {
    if (keys !== undefined) return { read: keys }
    throw wrong(`${where}: "keys" is ${quote(keys)}. List the keys to read at the start: "keys": ["x", "y"].`)
  }
  return initial === undefined || initial === 'unknown' ? initial : { value: normalize(initial.value) }
}
