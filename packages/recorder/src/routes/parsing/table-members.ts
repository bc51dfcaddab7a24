import { quote } from '@chaosproxy/faults'
import { inputError, type Json } from '@chaosproxy/history'
import { compilePath } from '@chaosproxy/wire/http'
import { isInitialValue, type Members } from '../../record/settings.ts'
import type { RouteSpec, RouteTable } from '../table/route-table.ts'
import {
  isText,
  type Member,
  type MembersOf,
  parseMembers,
  plain,
  readMembers,
  type Scope,
  TABLE_SCOPE,
} from './members.ts'
import { operationMembers, parseOperation } from './parse-operation.ts'
import { reference, text } from './patterns.ts'
import { clientMember, recordedMembers, requestMembers, routeMembers, sendsMember } from './route-members.ts'

export interface WrittenTable
  extends Pick<RouteTable, 'client' | 'requestId' | 'sends' | 'ignoredParameters' | 'final' | 'routes'> {
  readonly $schema?: unknown
  readonly initial?: 'unknown' | 'read' | { readonly value: Json } | undefined
  readonly keys?: readonly string[] | undefined
  readonly descriptor?: unknown
  readonly messages?: unknown
  readonly methods?: unknown
}

/** Returns a member of a gRPC schema. `parseSchema` parses all members of the schema together. */
const ofGrpc = (summary: string, schema: Member<unknown>['schema']): Member<unknown> => ({
  summary,
  schema,
  parse: (value) => value,
})

const field = (summary: string, example: string): Member<string> =>
  plain(summary, text, isText, `Name a field, such as "${example}".`)

const texts = (summary: string, remedy: string): Member<readonly string[]> =>
  plain(
    summary,
    { type: 'array', minItems: 1, items: text },
    (value): value is readonly string[] => Array.isArray(value) && value.length > 0 && value.every(isText),
    remedy,
  )

export const tableMembers: MembersOf<WrittenTable> = {
  $schema: { summary: 'where editors find this schema', schema: text, parse: (value) => value },
  client: clientMember(
    'what identifies the client: header.X-Client, cookie.sid, bearer, query.NAME, json.NAME, peer.process, peer.address or connection',
  ),
  initial: plain(
    'the initial value of keys: "unknown", {"value": …} or "read", which reads "keys" at the start',
    {
      oneOf: [
        { enum: ['unknown', 'read'] },
        { type: 'object', required: ['value'], properties: { value: true }, additionalProperties: false },
      ],
    },
    (value) => value === 'unknown' || value === 'read' || isInitialValue(value),
    'Give "unknown", "read" or {"value": …}.',
  ),
  keys: texts(
    'the keys to read at the start, if "initial" is "read"',
    'List the keys to read at the start: "keys": ["x", "y"].',
  ),
  requestId: field('the field with the id of a request; the service applies each id at most once', 'Idempotency-Key'),
  sends: sendsMember('extra content of all generated requests, by place, such as a token'),
  ignoredParameters: texts(
    'query parameters to ignore; a request with any other parameter that no route names is not understood',
    'List names of query parameters: ["_", "api-version"].',
  ),
  final: field('the field that marks final reads, made once all writes are over', 'X-Final'),
  descriptor: ofGrpc('the layout of gRPC messages: a file with a FileDescriptorSet, or {"base64": …}', {
    type: ['string', 'object'],
  }),
  messages: ofGrpc('instead of "descriptor": the fields of each gRPC message', { type: 'object' }),
  methods: ofGrpc('with "messages": the request and response type of each method', { type: 'object' }),
  routes: {
    summary: 'one for each kind of request; the first match counts',
    schema: { type: 'array', minItems: 1, items: reference('route') },
    parse: parseRoutes,
  },
}

function parseRoutes(value: unknown, where: string): readonly RouteSpec[] {
  const at = where.slice(0, where.lastIndexOf(': '))
  if (Array.isArray(value) && value.length > 0)
    return value.map((route: unknown, i) => parseRoute(route, `${at}: route ${i + 1}`))
  throw inputError(
    `${where} must be a non-empty list, such as [{"request":"GET /kv/{key}","f":"read","result":"body"}].`,
  )
}

/** @throws UserError (input) that begins with `where`. */
function parseRoute(value: unknown, where: string): RouteSpec {
  const written = readMembers(value, routeMembers, where)
  const request = requestMembers.request.parse(written['request'], `${where}: "request"`, TABLE_SCOPE)
  const at = `${where} (${request})`
  const scope: Scope = { names: compilePath(request.split(' ')[1] ?? '').names, hasItem: false }
  const { when, ignore } = parseMembers(written, requestMembers, at, scope)
  const requests = { request, ...(when && { when }) }
  if (ignore) {
    refuseBesideIgnore(written, at)
    return { ...requests, ignore }
  }
  const { operations, ...recorded } = parseMembers(written, recordedMembers, at, scope)
  if (operations === undefined) return { ...requests, ...recorded, ...parseOperation(written, at, scope.names) }
  const beside = Object.keys(operationMembers).find((name) => written[name] !== undefined)
  if (beside !== undefined)
    throw inputError(`${at}: "${beside}" is beside "operations". Give it in each of the operations instead.`)
  return { ...requests, ...recorded, operations }
}

function refuseBesideIgnore(written: Members, at: string): void {
  const beside = Object.keys(written).find((name) => !Object.hasOwn(requestMembers, name))
  if (beside !== undefined)
    throw inputError(
      `${at}: ${quote(beside)} and "ignore" exclude each other: an ignored request is not an operation. Leave one of them out.`,
    )
}
