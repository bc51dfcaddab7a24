import { quote, readObject } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import { adjacentNames } from '@chaosproxy/wire/http'
import type {
  AnswerSpec,
  CompoundRoute,
  IgnoredRoute,
  OperationSpec,
  OutcomeName,
  Sends,
} from '../table/route-table.ts'
import { type Member, type MembersOf, plain, readMembers, type Scope, TABLE_SCOPE } from './members.ts'
import { only, operationMembers, parseOperation } from './parse-operation.ts'
import { parseConditions, parseSends } from './parse-value.ts'
import { CLIENT_SOURCE, fits, matching, REQUEST, reference, STATUS } from './patterns.ts'

const OUTCOMES: readonly OutcomeName[] = ['ok', 'fail', 'info', 'absent']
const outcome: Member<OutcomeName> = plain(
  'the outcome of the operation',
  { enum: OUTCOMES },
  (value): value is OutcomeName => OUTCOMES.some((name) => name === value),
  'Give one of ok, absent, fail, info.',
)

/** What identifies the client. */
export const clientMember = (summary: string): Member<string> =>
  plain(
    summary,
    matching(CLIENT_SOURCE),
    fits(CLIENT_SOURCE),
    'Give what names the client: header.X-Client, cookie.sid, bearer, query.NAME, form.NAME, json.NAME, peer.process, peer.address or connection.',
  )

export const sendsMember = (summary: string): Member<Sends> => ({
  summary,
  schema: reference('sends'),
  parse: parseSends,
})

export const requestMembers: MembersOf<IgnoredRoute> = {
  request: {
    summary:
      'one or more methods, and a path: a name in braces is a segment, * is any segment or, at the end, any rest',
    schema: matching(REQUEST),
    parse: parseRequest,
  },
  when: {
    summary: 'match only requests that meet these conditions (place → value)',
    schema: reference('requestConditions'),
    parse: (value, where, { names }) => parseConditions(value, { where, side: 'request', names }),
  },
  ignore: only(true, 'true: these requests change nothing that is recorded, whatever their method'),
}

const answerMembers: MembersOf<AnswerSpec> = {
  when: {
    summary: 'conditions that the answer must meet (place → value)',
    schema: reference('answerConditions'),
    parse: (value, where) => parseConditions(value, { where, side: 'answer', names: [] }),
  },
  outcome,
}

export const recordedMembers: MembersOf<Omit<CompoundRoute, 'request' | 'when'>> = {
  operations: {
    summary:
      'a list of operations, if one request makes several; replaces f and the other members of a single operation',
    schema: { type: 'array', minItems: 1, items: reference('operation') },
    parse: parseOperations,
  },
  outcomes: {
    summary:
      'the outcome for a status: ok, fail (certainly not done), info (unknown) or absent (done, but there is no value)',
    schema: { type: 'object', propertyNames: matching(STATUS), additionalProperties: outcome.schema },
    parse: parseOutcomes,
  },
  answers: {
    summary: 'the outcome of a successful answer by its content; the first match counts',
    schema: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['when', 'outcome'],
        properties: { when: answerMembers.when.schema, outcome: outcome.schema },
        additionalProperties: false,
      },
    },
    parse: parseAnswers,
  },
  client: clientMember("what identifies the client, instead of the table's"),
  sends: sendsMember(
    'what generated requests also contain: a text for each place, such as "json.owner"; texts may have {key}, {value}, {session}, {requestId}',
  ),
}

export const routeMembers: MembersOf<IgnoredRoute & OperationSpec & CompoundRoute> = {
  ...requestMembers,
  ...operationMembers,
  ...recordedMembers,
}

/** Names in the syntax of Express and Rails (`/:key`), and of Flask and Django (`/<key>`, `/<int:key>`). */
const OTHER_NAMES = /\/(?::(\w+)|<(?:\w+:)?(\w+)>)(?=\/|$)/g

function parseRequest(request: unknown, where: string): string {
  const given = `${where} is ${quote(request)}`
  if (fits(REQUEST)(request)) {
    const strange = /\{(?!\w+\})[^}]*\}?|\}/.exec(request.replaceAll(/\{\w+\}/g, ''))
    if (strange !== null) throw inputError(`${given}: a name in braces consists of letters, digits and _, as in {key}.`)
    const inBraces = request.replaceAll(OTHER_NAMES, '/{$1$2}')
    if (inBraces !== request)
      throw inputError(`${given}: a name in a path is written in braces. Write ${quote(inBraces)}.`)
    const adjacent = adjacentNames(request)
    if (adjacent === undefined) return request
    throw inputError(
      `${given}: ${adjacent}: it is unclear where one name ends and the next begins. Put text between them, or use one name.`,
    )
  }
  const [path = '', query] = typeof request === 'string' ? request.split('?') : []
  if (query !== undefined) {
    const [name = 'q'] = query.split('=')
    throw inputError(
      `${given}: a path is matched without its query. Write ${quote(path)}, and take the value from "query.${name}".`,
    )
  }
  throw inputError(`${given}. Write a method and a path: "PUT /kv/{key}".`)
}

function parseOperations(value: unknown, where: string, { names }: Scope): CompoundRoute['operations'] {
  const at = where.slice(0, where.lastIndexOf(': '))
  const [first, ...rest] = Array.isArray(value)
    ? value.map((operation: unknown, i) => {
        const place = `${at}: operation ${i + 1}`
        return parseOperation(readMembers(operation, operationMembers, place), place, names)
      })
    : []
  if (first !== undefined) return [first, ...rest]
  throw inputError(`${where} is ${quote(value)}. Give a list of what the request does: [{"f":"write", …}].`)
}

function parseOutcomes(value: unknown, where: string): NonNullable<CompoundRoute['outcomes']> {
  const outcomes = Object.entries(readObject(value, where)).map(([status, given]) => {
    if (STATUS.test(status)) return [status, outcome.parse(given, `${where}: ${status}`, TABLE_SCOPE)] as const
    throw inputError(
      `${where}: ${quote(status)} is not a status. Write a status (404), a class of statuses (5xx), or a status of gRPC ("grpc NOT_FOUND").`,
    )
  })
  return Object.fromEntries(outcomes)
}

function parseAnswers(value: unknown, where: string, scope: Scope): readonly AnswerSpec[] {
  if (!Array.isArray(value) || value.length === 0)
    throw inputError(
      `${where} is ${quote(value)}. Give a list of cases: [{"when":{"json.succeeded":true},"outcome":"ok"}].`,
    )
  return value.map((answer: unknown, i) => {
    const at = `${where}: case ${i + 1}`
    const members = readMembers(answer, answerMembers, at)
    const named = answerMembers.outcome.parse(members['outcome'], `${at}: "outcome"`, scope)
    return { when: answerMembers.when.parse(members['when'], `${at}: "when"`, scope), outcome: named }
  })
}
