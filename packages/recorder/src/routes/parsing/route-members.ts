import { grpcStatusNames } from '@chaosproxy/wire/grpc'
import { valueForms } from '../forms/registry.ts'
import { peerSources } from '../mapping/client-source.ts'
import { patternOf } from '../places/place-of.ts'
import { places } from '../places/registry.ts'

/** A member of a route table: its purpose, and its JSON Schema. */
export interface Member {
  readonly name: string
  readonly summary: string
  readonly schema: JsonSchema
}

export type JsonSchema = { readonly [name: string]: unknown }

export const OUTCOMES = ['ok', 'fail', 'info', 'absent'] as const

const METHODS = '[A-Z]+(,[A-Z]+)*'
/** One or more methods, and a path without a query. */
export const REQUEST: RegExp = new RegExp(`^${METHODS} /[^\\s?#]*$`)

const requestPlaces = patternOf(places)
const answerPlaces = patternOf(places.filter(({ inAnswers }) => inAnswers))
const clientPlaces = patternOf(places.filter(({ namesClient }) => namesClient !== 'never'))
const itemPlaces = 'item(\\.[^.[\\]\\s]+)*|name'

/** Places in a request or, with `answer.`, in its answer. */
export const SOURCE: RegExp = new RegExp(`^(${requestPlaces}|answer\\.(${answerPlaces})|${itemPlaces})$`)
/** Places in an answer. */
export const ANSWER_SOURCE: RegExp = new RegExp(`^((answer\\.)?(${answerPlaces})|${itemPlaces})$`)
/** Places that can be a list. */
export const LIST_SOURCE: RegExp = /^(answer\.)?json(\.[^.[\]\s]+)*$/
export const CLIENT_SOURCE: RegExp = new RegExp(
  // A whole body names no client, but a part of it does.
  `^((?=\\w+\\.)(${clientPlaces})|bearer|${peerSources.join('|').replaceAll('.', '\\.')})$`,
)
/** An HTTP status, or a gRPC status. */
export const STATUS: RegExp = new RegExp(
  `^([1-5](\\d\\d|xx)|grpc (${grpcStatusNames.map((name, number) => `${number}|${name}`).join('|')}))$`,
)

const text = { type: 'string', minLength: 1 }
const matching = (pattern: RegExp): JsonSchema => ({ type: 'string', pattern: pattern.source })
const reference = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` })
const outcome: JsonSchema = { enum: OUTCOMES }

/** The members of an operation. */
export const operationMembers: readonly Member[] = [
  { name: 'f', summary: 'what it does, as the model has it: read, write, cas, …', schema: text },
  {
    name: 'key',
    summary: 'the object; {key} of the path where it is not said; several parts are joined by /',
    schema: reference('value'),
  },
  {
    name: 'value',
    summary: 'the value written; for cas, `[expected, new]`',
    schema: reference('value'),
  },
  {
    name: 'result',
    summary: 'where the answer has the result; without it, what was given',
    schema: reference('result'),
  },
  {
    name: 'missing',
    summary: '"absent": a result that is not in the answer means that there is no value',
    schema: { const: 'absent' },
  },
  { name: 'harmless', summary: 'whether it leaves nothing behind, as reads do', schema: { type: 'boolean' } },
  {
    name: 'perhaps',
    summary: 'true: it may happen at any time after the request, or never, as when a lease removes its key',
    schema: { const: true },
  },
  {
    name: 'each',
    summary: 'a list, in the request or (answer.json.items) in its answer: the operation is done for each item',
    schema: matching(LIST_SOURCE),
  },
]

/** The members of a route. */
export const routeMembers: readonly Member[] = [
  {
    name: 'request',
    summary: 'method, or several, and path: a name in braces is a segment, * is any segment and, at the end, any rest',
    schema: matching(REQUEST),
  },
  {
    name: 'when',
    summary: 'only match requests that meet these conditions (place → value)',
    schema: reference('requestConditions'),
  },
  {
    name: 'ignore',
    summary: 'true: these requests touch nothing that is recorded, whatever their method',
    schema: { const: true },
  },
  ...operationMembers,
  {
    name: 'operations',
    summary: 'in place of f and what belongs to it: several things that the request does at once',
    schema: { type: 'array', minItems: 1, items: reference('operation') },
  },
  {
    name: 'outcomes',
    summary:
      'what a status means: ok, fail (certainly not done), info (nobody knows) or absent (done; there is no value)',
    schema: { type: 'object', propertyNames: matching(STATUS), additionalProperties: outcome },
  },
  {
    name: 'answers',
    summary: 'what an answer of success means, by what it says: the first that fits',
    schema: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['when', 'outcome'],
        properties: { when: reference('answerConditions'), outcome },
        additionalProperties: false,
      },
    },
  },
  { name: 'client', summary: "what names the client, in place of the table's", schema: matching(CLIENT_SOURCE) },
  {
    name: 'sends',
    summary: 'extra content of generated requests, by place; texts may have {key}, {value}, {session}, {requestId}',
    schema: reference('sends'),
  },
]

/** The members of the table. */
export const tableMembers: readonly Member[] = [
  { name: '$schema', summary: 'where editors find this schema', schema: text },
  {
    name: 'client',
    summary:
      'what names the client: header.X-Client, cookie.sid, bearer, query.NAME, json.NAME, peer.process, peer.address or connection',
    schema: matching(CLIENT_SOURCE),
  },
  {
    name: 'initial',
    summary:
      'what keys hold before anything is recorded: "unknown", {"value": …} or "read", which reads "keys" at the start',
    schema: {
      oneOf: [
        { enum: ['unknown', 'read'] },
        { type: 'object', required: ['value'], properties: { value: true }, additionalProperties: false },
      ],
    },
  },
  {
    name: 'keys',
    summary: 'what is read at the start, where "initial" is "read"',
    schema: { type: 'array', minItems: 1, items: text },
  },
  {
    name: 'requestId',
    summary: 'the field with the id of a request, which the service applies at most once however often it is sent',
    schema: text,
  },
  {
    name: 'sends',
    summary: 'what all requests that are made by this table say besides, such as a token',
    schema: reference('sends'),
  },
  {
    name: 'ignoredParameters',
    summary:
      'parameters of queries that make no difference; a request with others that no route names is not understood',
    schema: { type: 'array', minItems: 1, items: text },
  },
  {
    name: 'final',
    summary: 'the field that marks a read as one of the last, made once all writes are over',
    schema: text,
  },
  {
    name: 'descriptor',
    summary: 'what messages of gRPC consist of: the file with a FileDescriptorSet, or {"base64": …}',
    schema: { type: ['string', 'object'] },
  },
  { name: 'messages', summary: 'the same, declared: the fields of each message', schema: { type: 'object' } },
  { name: 'methods', summary: 'with "messages": what each method takes and gives', schema: { type: 'object' } },
  {
    name: 'routes',
    summary: 'one for each kind of requests; the first that fits counts',
    schema: { type: 'array', minItems: 1, items: reference('route') },
  },
]

const conditions = (pattern: RegExp): JsonSchema => ({
  type: 'object',
  minProperties: 1,
  propertyNames: matching(pattern),
  description: 'a value that has to be there, or {"there": true}, or {"there": false}',
})

const objectOf = (members: readonly Member[], more: JsonSchema): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(
    members.map(({ name, summary, schema }) => [name, { description: summary, ...schema }]),
  ),
  additionalProperties: false,
  ...more,
})

const valueSchema = (places: RegExp, name: string): JsonSchema => ({
  oneOf: [
    matching(places),
    { type: 'array', minItems: 1, items: reference(name) },
    ...valueForms.map(({ members, schema }) => ({
      type: 'object',
      required: members,
      properties: schema({ place: matching(places), value: reference(name) }),
      additionalProperties: false,
    })),
  ],
})

const operationNames = operationMembers.map(({ name }) => name)
const without = (...names: readonly string[]): JsonSchema => ({
  not: { anyOf: names.map((name) => ({ required: [name] })) },
})

/**
 * The JSON Schema (draft 2020-12) of route tables, for editors. The parser finds more mistakes, such as unreachable
 * routes.
 */
export const routeTableSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Route table of chaos: how the requests of a service are operations',
  ...objectOf(tableMembers, { required: ['routes'] }),
  $defs: {
    route: objectOf(routeMembers, {
      required: ['request'],
      oneOf: [
        { required: ['f'], ...without('operations', 'ignore') },
        { required: ['operations'], ...without('ignore', ...operationNames) },
        { required: ['ignore'], ...without('operations', 'outcomes', 'answers', 'client', 'sends', ...operationNames) },
      ],
    }),
    operation: objectOf(operationMembers, { required: ['f'] }),
    value: valueSchema(SOURCE, 'value'),
    result: valueSchema(ANSWER_SOURCE, 'result'),
    sends: { type: 'object', minProperties: 1, propertyNames: matching(new RegExp(`^(${requestPlaces})$`)) },
    requestConditions: conditions(new RegExp(`^(${requestPlaces})$`)),
    answerConditions: conditions(new RegExp(`^(${answerPlaces})$`)),
  },
}

export const REQUEST_CONDITION: RegExp = new RegExp(`^(${requestPlaces})$`)
export const ANSWER_CONDITION: RegExp = new RegExp(`^(${answerPlaces})$`)
