import { quote, readObject } from '@chaos/faults'
import { UserError } from '@chaos/history'
import { grpcStatusNames } from '../grpc/grpc-status.ts'
import type { Schema } from '../grpc/message-type.ts'
import { parseSchema, schemaMembers } from '../grpc/parse-schema.ts'

/**
 * Where a value is found: `body` (the whole body, a text), `json` (the whole body, as JSON) or a member of it
 * (`json.value`, `json.a.b`), `path.NAME` (what stands for `{NAME}` in the path), `query.NAME`, `header.NAME`.
 */
export type ValueSource = string

/** `absent`: it was done, and there is no value (a read's 404). */
export type OutcomeName = 'ok' | 'fail' | 'info' | 'absent'

/** How one kind of request is an operation. */
export interface RouteSpec {
  /** Method, or several, and path: `PUT /kv/{key}`, `PUT,POST /items/{key}`. */
  readonly request: string
  /** What it does: `read`, `write`, `cas`, … */
  readonly f: string
  /** The object; by default `path.key`, where the path has one. */
  readonly key?: ValueSource | undefined
  /** What is given with it; of a cas two, what is expected and what is to be. By default nothing. */
  readonly value?: ValueSource | readonly ValueSource[] | undefined
  /** Where the answer has the result; by default the result is the value given. */
  readonly result?: ValueSource | undefined
  /**
   * By status (`404`) or class of them (`5xx`): by default 2xx is ok, 4xx fail (408 excepted) and all else info. Of gRPC by
   * its own (`grpc 5`, `grpc NOT_FOUND`): see `usualGrpcOutcome`.
   */
  readonly outcomes?: { readonly [status: string]: OutcomeName } | undefined
  /** It leaves nothing behind, whatever becomes of it; by default reads and gets. */
  readonly harmless?: boolean | undefined
}

/** How the requests of a service are operations, as data. */
export interface RouteTable {
  readonly routes: readonly RouteSpec[]
  /** The field by which a request names itself, so that its retries are known: `Idempotency-Key`. */
  readonly requestId?: string | undefined
  /** What the messages of gRPC consist of: from a descriptor, or declared. */
  readonly schema?: Schema | undefined
}

const ROUTE_MEMBERS = ['request', 'f', 'key', 'value', 'result', 'outcomes', 'harmless']
const TABLE_MEMBERS = ['routes', 'requestId', ...schemaMembers]
const OUTCOMES: readonly unknown[] = ['ok', 'fail', 'info', 'absent']

/**
 * Reads a table from outside: `{"routes":[{"request":"PUT /kv/{key}","f":"write","value":"json.value"}, …]}`.
 *
 * @param where begins every message: the file or route, and the place in it.
 * @throws UserError (input)
 */
export function parseRouteTable(value: unknown, where: string): RouteTable {
  const members = readObject(value, where)
  refuseUnknown(members, TABLE_MEMBERS, where)
  const { routes, requestId } = members
  if (!Array.isArray(routes) || routes.length === 0)
    throw new UserError(
      'input',
      `${where}: "routes" must be a list of at least one, such as {"request":"GET /kv/{key}","f":"read","result":"body"}.`,
    )
  if (requestId !== undefined && (typeof requestId !== 'string' || requestId === ''))
    throw new UserError(
      'input',
      `${where}: "requestId" is ${quote(requestId)}. Name a field, such as "Idempotency-Key".`,
    )
  const parsed = routes.map((route: unknown, i) => parseRoute(route, `${where}: route ${i + 1}`))
  const schema = parseSchema(members, where)
  for (const [i, { request }] of parsed.entries()) refuseStream(request, schema, `${where}: route ${i + 1}`)
  return { routes: parsed, requestId, schema }
}

function parseRoute(value: unknown, where: string): RouteSpec {
  const members = readObject(value, where)
  refuseUnknown(members, ROUTE_MEMBERS, where)
  const { request, f, key, value: given, result, outcomes, harmless } = members
  if (typeof request !== 'string' || !/^[A-Z]+(,[A-Z]+)* \/\S*$/.test(request))
    throw new UserError(
      'input',
      `${where}: "request" is ${quote(request)}. Write a method and a path: "PUT /kv/{key}".`,
    )
  const at = `${where} (${request})`
  if (typeof f !== 'string' || f === '')
    throw new UserError('input', `${at}: "f" is ${quote(f)}. Say what the request does: "read", "write", "cas", …`)
  if (harmless !== undefined && typeof harmless !== 'boolean')
    throw new UserError('input', `${at}: "harmless" is ${quote(harmless)}. Give true or false.`)
  return {
    request,
    f,
    ...optional('key', key === undefined ? undefined : parseSource(key, `${at}: "key"`, request)),
    ...optional('value', given === undefined ? undefined : parseValue(given, `${at}: "value"`, request)),
    ...optional('result', result === undefined ? undefined : parseResult(result, `${at}: "result"`, request)),
    ...optional('outcomes', outcomes === undefined ? undefined : parseOutcomes(outcomes, `${at}: "outcomes"`)),
    ...optional('harmless', harmless),
  }
}

/** A call of several messages is no operation. */
function refuseStream(request: string, schema: Schema | undefined, where: string): void {
  const path = request.slice(request.indexOf(' ') + 1)
  if (schema?.methods.get(path)?.streams === true)
    throw new UserError(
      'input',
      `${where} (${request}): this method streams messages, and is no operation. Leave it out.`,
    )
}

const optional = <Name extends string, Value>(name: Name, value: Value | undefined): { [name in Name]?: Value } =>
  (value === undefined ? {} : { [name]: value }) as { [name in Name]?: Value }

function parseValue(value: unknown, where: string, request: string): RouteSpec['value'] {
  if (!Array.isArray(value)) return parseSource(value, where, request)
  return value.map((part: unknown) => parseSource(part, where, request))
}

function parseResult(value: unknown, where: string, request: string): ValueSource {
  const source = parseSource(value, where, request)
  if (/^(body|json|header)\b/.test(source)) return source
  throw new UserError('input', `${where} is ${quote(value)}. An answer has a "body", "json.MEMBER" or "header.NAME".`)
}

function parseSource(value: unknown, where: string, request: string): ValueSource {
  if (typeof value !== 'string' || !/^(body|json(\.[^.]+)*|(path|query|header)\.\S+)$/.test(value))
    throw new UserError(
      'input',
      `${where} is ${quote(value)}. Give a place: body, json, json.MEMBER, path.NAME, query.NAME or header.NAME.`,
    )
  const [kind, name] = value.split('.')
  if (kind === 'path' && !request.includes(`{${name}}`))
    throw new UserError('input', `${where} is ${quote(value)}, and the path has no {${name}}.`)
  return value
}

function parseOutcomes(value: unknown, where: string): NonNullable<RouteSpec['outcomes']> {
  const outcomes = readObject(value, where)
  for (const [status, outcome] of Object.entries(outcomes)) {
    if (!/^[1-5](\d\d|xx)$/.test(status) && !isGrpcStatus(status))
      throw new UserError(
        'input',
        `${where}: ${quote(status)} is no status. Write 404, a class of them: 5xx, or gRPC's: "grpc NOT_FOUND".`,
      )
    if (!OUTCOMES.includes(outcome))
      throw new UserError('input', `${where}: ${status} is ${quote(outcome)}. Give one of ok, absent, fail, info.`)
  }
  return outcomes as NonNullable<RouteSpec['outcomes']>
}

/** `grpc 5` or `grpc NOT_FOUND` */
const isGrpcStatus = (text: string): boolean =>
  grpcStatusNames.some((name, number) => text === `grpc ${name}` || text === `grpc ${number}`)

function refuseUnknown(members: { readonly [name: string]: unknown }, known: readonly string[], where: string): void {
  const unknown = Object.keys(members).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UserError('input', `${where} has no member ${quote(unknown)}. It has: ${known.join(', ')}.`)
}

/** An embedded node says these only where nothing was done. */
const refusals: RouteSpec['outcomes'] = { '501': 'fail', '503': 'fail' }

/** The embedded systems' own interface: `GET` and `PUT /kv/KEY`, `POST /kv/KEY/cas`. */
export const embeddedRoutes: RouteTable = {
  routes: [
    { request: 'GET /kv/{key}', f: 'read', result: 'json.value', outcomes: refusals },
    { request: 'PUT /kv/{key}', f: 'write', value: 'json.value', outcomes: refusals },
    { request: 'POST /kv/{key}/cas', f: 'cas', value: ['json.old', 'json.new'], outcomes: refusals },
  ],
}
