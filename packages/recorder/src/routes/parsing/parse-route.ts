import { quote, readObject } from '@chaosproxy/faults'
import { adjacentNames, compilePath } from '@chaosproxy/wire/http'
import { isOfAnswer } from '../mapping/value-source.ts'
import type { AnswerSpec, OperationSpec, OutcomeName, RecordedRoute, RouteSpec } from '../table/route-table.ts'
import { given, type Members, optional, refuseUnknown, wrong } from './parse-members.ts'
import { parseConditions, parseList, parseSends, parseValue } from './parse-value.ts'
import { CLIENT_SOURCE, OUTCOMES, operationMembers, REQUEST, routeMembers, STATUS } from './route-members.ts'

/** @throws UserError (input) that begins with `where`. */
export function parseRoute(value: unknown, where: string): RouteSpec {
  const members = readObject(value, where)
  refuseUnknown(members, routeMembers, where)
  const { request } = members
  const at = `${where} (${typeof request === 'string' ? request : '?'})`
  const checked = parseRequest(request, where)
  const { names } = compilePath(checked.split(' ')[1] ?? '')
  const when = given(members['when'], (conditions) =>
    parseConditions(conditions, { where: `${at}: "when"`, side: 'request', names }),
  )
  const base = { request: checked, ...optional('when', when) }
  if (members['ignore'] !== undefined) {
    refuseBesideIgnore(members, at)
    return { ...base, ignore: true }
  }
  const common = {
    ...base,
    ...optional(
      'outcomes',
      given(members['outcomes'], (outcomes) => parseOutcomes(outcomes, `${at}: "outcomes"`)),
    ),
    ...optional(
      'answers',
      given(members['answers'], (answers) => parseAnswers(answers, `${at}: "answers"`)),
    ),
    ...optional(
      'client',
      given(members['client'], (client) => parseClient(client, `${at}: "client"`)),
    ),
    ...optional(
      'sends',
      given(members['sends'], (sends) => parseSends(sends, { where: `${at}: "sends"`, names })),
    ),
  }
  const { operations } = members
  if (operations === undefined) return { ...common, ...parseOperation(members, at, names) }
  const beside = operationMembers.find(({ name }) => members[name] !== undefined)
  if (beside !== undefined) throw wrong(`${at}: "${beside.name}" stands beside "operations". Say it of each of them.`)
  return { ...common, operations: parseOperations(operations, at, names) }
}

function parseRequest(request: unknown, where: string): string {
  if (typeof request === 'string' && REQUEST.test(request)) {
    const strange = /\{(?!\w+\})[^}]*\}?|\}/.exec(request.replaceAll(/\{\w+\}/g, ''))
    if (strange !== null)
      throw wrong(`${where}: "request" is ${quote(request)}: a name in braces is of letters, digits and _, as {key}.`)
    const inBraces = request.replaceAll(OTHER_NAMES, '/{$1$2}')
    if (inBraces !== request)
      throw wrong(
        `${where}: "request" is ${quote(request)}: a name in a path is written in braces. Write ${quote(inBraces)}.`,
      )
    const adjacent = adjacentNames(request)
    if (adjacent === undefined) return request
    throw wrong(
      `${where}: "request" is ${quote(request)}: nothing says where one name of ${adjacent} ends and the next begins. Put a text between them, or one name for both.`,
    )
  }
  const [path = '', query] = typeof request === 'string' ? request.split('?') : []
  if (query !== undefined) {
    const [name = 'q'] = query.split('=')
    throw wrong(
      `${where}: "request" is ${quote(request)}: a path is matched without its query. Write ${quote(path)}, and take the value from "query.${name}".`,
    )
  }
  throw wrong(`${where}: "request" is ${quote(request)}. Write a method and a path: "PUT /kv/{key}".`)
}

/** Names as Express and Rails (`/:key`), Flask and Django (`/<key>`, `/<int:key>`) write them, as whole segments. */
const OTHER_NAMES = /\/(?::(\w+)|<(?:\w+:)?(\w+)>)(?=\/|$)/g

function refuseBesideIgnore(members: Members, at: string): void {
  if (members['ignore'] !== true)
    throw wrong(`${at}: "ignore" is ${quote(members['ignore'])}. Give true, or leave it out.`)
  const beside = Object.keys(members).find((name) => !['request', 'when', 'ignore'].includes(name))
  if (beside !== undefined)
    throw wrong(`${at}: "${beside}" stands beside "ignore": what is ignored is no operation. Leave one of them out.`)
}

function parseOperations(
  value: unknown,
  at: string,
  names: readonly string[],
): readonly [OperationSpec, ...OperationSpec[]] {
  const [first, ...rest] = Array.isArray(value)
    ? value.map((operation: unknown, i) => {
        const where = `${at}: operation ${i + 1}`
        const members = readObject(operation, where)
        refuseUnknown(members, operationMembers, where)
        return parseOperation(members, where, names)
      })
    : []
  if (first !== undefined) return [first, ...rest]
  throw wrong(`${at}: "operations" is ${quote(value)}. Give a list of what the request does: [{"f":"write", …}].`)
}

function parseOperation(members: Members, at: string, names: readonly string[]): OperationSpec {
  const { f, key, value, result, missing, harmless, perhaps } = members
  if (typeof f !== 'string' || f === '')
    throw wrong(`${at}: "f" is ${quote(f)}. Say what the request does: "read", "write", "cas", …; or "ignore": true.`)
  if (harmless !== undefined && typeof harmless !== 'boolean')
    throw wrong(`${at}: "harmless" is ${quote(harmless)}. Give true or false.`)
  if (perhaps !== undefined && perhaps !== true)
    throw wrong(`${at}: "perhaps" is ${quote(perhaps)}. Give true, or leave it out: then it happens.`)
  if (missing !== undefined && missing !== 'absent')
    throw wrong(`${at}: "missing" is ${quote(missing)}. Give "absent", or leave it out: then it is not understood.`)
  const each = given(members['each'], (list) => parseList(list, `${at}: "each"`))
  const hasItem = each !== undefined
  const place = (member: string, side: 'request' | 'answer') => ({ where: `${at}: "${member}"`, names, side, hasItem })
  const spec: OperationSpec = {
    f,
    ...optional(
      'key',
      given(key, (given) => parseValue(given, place('key', 'request'))),
    ),
    ...optional(
      'value',
      given(value, (given) => parseValue(given, place('value', 'request'))),
    ),
    ...optional(
      'result',
      given(result, (given) => parseValue(given, place('result', 'answer'))),
    ),
    ...optional('missing', missing as 'absent' | undefined),
    ...optional('harmless', harmless),
    ...optional('perhaps', perhaps),
    ...optional('each', each),
  }
  checkOperation(spec, at, names)
  return spec
}

/** Checks that an operation has what its function needs. */
function checkOperation(
  { f, key, value, result, each, missing, perhaps }: OperationSpec,
  at: string,
  names: readonly string[],
): void {
  if ((f === 'read' || f === 'get') && result === undefined)
    throw wrong(
      `${at}: a ${f} has no "result". Say where the answer has the value: "result": "json.value", "body" or "header.ETag".`,
    )
  if (WRITES.has(f) && value === undefined)
    throw wrong(
      `${at}: a ${f} has no "value". Say where the request has it: "value": "json.value"; of one that deletes: {"const": null}.`,
    )
  if (f === 'cas' && !(Array.isArray(value) && value.length === 2) && !isConstant(value))
    throw wrong(
      `${at}: a cas needs two values: what is expected, and what is to be: "value": ["header.If-Match", "answer.header.ETag"].`,
    )
  if (perhaps && (f === 'read' || f === 'get'))
    throw wrong(`${at}: a ${f} has "perhaps", which is for operations that change something. Leave it out.`)
  if (missing !== undefined && result === undefined)
    throw wrong(`${at}: "missing" is about a "result", and there is none.`)
  if (each !== undefined && key === undefined)
    throw wrong(`${at}: "each" is given, and no "key". Say what tells its items apart: "key": "item.id" or "name".`)
  if (each !== undefined && !isOfAnswer(each) && result !== undefined)
    throw wrong(
      `${at}: "each" is a list of the request, so that "result" is of no single item. Leave it out, or take the list from the answer: "each": "answer.${each}".`,
    )
  if (key === undefined && names.length > 0 && !names.includes('key')) {
    const [name] = names
    throw wrong(
      `${at}: the path has {${name}}, and there is no "key". Say "key": "path.${name}", or name it {key}; a segment that is no key is *.`,
    )
  }
}

const WRITES: ReadonlySet<string> = new Set(['write', 'put', 'append'])

const isConstant = (value: OperationSpec['value']): boolean =>
  typeof value === 'object' && 'const' in value && Array.isArray(value['const']) && value['const'].length === 2

function parseOutcomes(value: unknown, where: string): NonNullable<RecordedRoute['outcomes']> {
  const outcomes = readObject(value, where)
  for (const [status, outcome] of Object.entries(outcomes)) {
    if (!STATUS.test(status))
      throw wrong(
        `${where}: ${quote(status)} is no status. Write 404, a class of them: 5xx, or gRPC's: "grpc NOT_FOUND".`,
      )
    if (!isOutcome(outcome)) throw wrong(`${where}: ${status} is ${quote(outcome)}. Give one of ${OUTCOME_NAMES}.`)
  }
  return outcomes as NonNullable<RecordedRoute['outcomes']>
}

const isOutcome = (value: unknown): value is OutcomeName => (OUTCOMES as readonly unknown[]).includes(value)
const OUTCOME_NAMES = 'ok, absent, fail, info'

function parseAnswers(value: unknown, where: string): readonly AnswerSpec[] {
  if (!Array.isArray(value) || value.length === 0)
    throw wrong(`${where} is ${quote(value)}. Give a list of cases: [{"when":{"json.succeeded":true},"outcome":"ok"}].`)
  return value.map((answer: unknown, i) => {
    const at = `${where}: case ${i + 1}`
    const members = readObject(answer, at)
    refuseUnknown(members, [{ name: 'when' }, { name: 'outcome' }], at)
    const { when, outcome } = members
    if (!isOutcome(outcome)) throw wrong(`${at}: "outcome" is ${quote(outcome)}. Give one of ${OUTCOME_NAMES}.`)
    return { when: parseConditions(when, { where: `${at}: "when"`, side: 'answer', names: [] }), outcome }
  })
}

/** @throws UserError (input) */
export function parseClient(value: unknown, where: string): string {
  if (typeof value === 'string' && CLIENT_SOURCE.test(value)) return value
  throw wrong(
    `${where} is ${quote(value)}. Give what names the client: header.X-Client, cookie.sid, bearer, query.NAME, form.NAME, json.NAME, peer.process, peer.address or connection.`,
  )
}
