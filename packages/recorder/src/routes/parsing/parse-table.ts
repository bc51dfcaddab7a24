import { quote } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import { parseSchema, type Schema } from '@chaosproxy/wire/grpc'
import { type Normalize, normalizationOf } from '../mapping/textual-values.ts'
import { initialReadOf } from '../table/initial-target.ts'
import { type InitialSpec, isIgnored, type RouteTable } from '../table/route-table.ts'
import { parseMembers, readMembers, TABLE_SCOPE } from './members.ts'
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
  const written = readMembers(value, tableMembers, where)
  const routes = tableMembers.routes.parse(written['routes'], `${where}: "routes"`, TABLE_SCOPE)
  // The routes were parsed before. The members for gRPC messages are parsed together later.
  const others = { ...written, routes: undefined, $schema: undefined, ...NO_MESSAGES }
  const { initial, keys, ...settings } = parseMembers(others, tableMembers, where, TABLE_SCOPE)
  const start = startOf({ initial, keys }, where, normalizationOf({ routes }))
  const schema = parseSchema(written, where)
  const table: RouteTable = {
    ...settings,
    routes,
    ...(start !== undefined && { initial: start }),
    ...(schema && { schema }),
  }
  for (const [i, route] of routes.entries())
    if (!isIgnored(route)) refuseStream(route.request, schema, `${where}: route ${i + 1}`)
  checkRoutes(routes, where)
  if (initial === 'read' && initialReadOf(table) === undefined)
    throw inputError(
      `${where}: "initial" is "read", but no route can read a key. Add a route with GET, "f": "read" and a key that is only in the path or the query.`,
    )
  return table
}

const NO_MESSAGES = { descriptor: undefined, messages: undefined, methods: undefined }

/** Refuses routes for streaming calls, which cannot be operations. */
function refuseStream(request: string, schema: Schema | undefined, where: string): void {
  const path = request.slice(request.indexOf(' ') + 1)
  if (schema?.methods.get(path)?.streams === true)
    throw inputError(
      `${where} (${request}): this method streams messages, and is not an operation. Leave it out or, where it writes nothing, say "ignore": true.`,
    )
}

/** Parses the initial values, which the members "initial" and "keys" define. */
function startOf(
  { initial, keys }: Pick<WrittenTable, 'initial' | 'keys'>,
  where: string,
  normalize: Normalize,
): InitialSpec | undefined {
  if (keys !== undefined && initial !== 'read')
    throw inputError(`${where}: "keys" lists the keys to read at the start: add "initial": "read", or omit "keys".`)
  if (initial === 'read') {
    if (keys !== undefined) return { read: keys }
    throw inputError(`${where}: "keys" is ${quote(keys)}. List the keys to read at the start: "keys": ["x", "y"].`)
  }
  return initial === undefined || initial === 'unknown' ? initial : { value: normalize(initial.value) }
}
