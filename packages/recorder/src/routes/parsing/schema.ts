import { valueForms } from '../forms/registry.ts'
import { type JsonSchema, schemaOf } from './members.ts'
import { operationMembers } from './parse-operation.ts'
import { ANSWER_CONDITION, ANSWER_SOURCE, matching, REQUEST_CONDITION, reference, SOURCE } from './patterns.ts'
import { routeMembers } from './route-members.ts'
import { tableMembers } from './table-members.ts'

const conditions = (pattern: RegExp): JsonSchema => ({
  type: 'object',
  minProperties: 1,
  propertyNames: matching(pattern),
  description: 'the required value, or {"there": true}, or {"there": false}',
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

const operationNames = Object.keys(operationMembers)
const without = (...names: readonly string[]): JsonSchema => ({
  not: { anyOf: names.map((name) => ({ required: [name] })) },
})

/** The JSON Schema (draft 2020-12) of route tables, for editors. The parser finds more errors. */
export const routeTableSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Route table of chaos: maps the requests of a service to operations',
  ...schemaOf(tableMembers, { required: ['routes'] }),
  $defs: {
    route: schemaOf(routeMembers, {
      required: ['request'],
      oneOf: [
        { required: ['f'], ...without('operations', 'ignore') },
        { required: ['operations'], ...without('ignore', ...operationNames) },
        { required: ['ignore'], ...without('operations', 'outcomes', 'answers', 'client', 'sends', ...operationNames) },
      ],
    }),
    operation: schemaOf(operationMembers, { required: ['f'] }),
    value: valueSchema(SOURCE, 'value'),
    result: valueSchema(ANSWER_SOURCE, 'result'),
    sends: { type: 'object', minProperties: 1, propertyNames: matching(REQUEST_CONDITION) },
    requestConditions: conditions(REQUEST_CONDITION),
    answerConditions: conditions(ANSWER_CONDITION),
  },
}
