import { quote } from '@chaosproxy/faults'
import { meaningOf, readsWhole, replacesWhole, withArticle } from '@chaosproxy/history'
import { isOfAnswer } from '../mapping/value-source.ts'
import type { OperationSpec } from '../table/route-table.ts'
import { type Member, type MembersOf, parseMembers, type Scope, type Written, wrong } from './members.ts'
import { parseList, parseValue } from './parse-value.ts'
import { LIST_SOURCE, matching, reference, text } from './patterns.ts'

/** Returns a member whose only allowed value is `value`. */
export const only = <Value extends true | 'absent'>(value: Value, summary: string, without = ''): Member<Value> => ({
  summary,
  schema: { const: value },
  parse(given, where) {
    if (given === value) return value
    throw wrong(`${where} is ${quote(given)}. Give ${JSON.stringify(value)}, or leave it out${without}.`)
  },
})

export const operationMembers: MembersOf<OperationSpec> = {
  f: {
    summary: "the model's function: read, write, cas, …",
    schema: text,
    parse(value, where) {
      if (typeof value === 'string' && value !== '') return value
      throw wrong(
        `${where} is ${quote(value)}. Say what the request does: "read", "write", "cas", …; or "ignore": true.`,
      )
    },
  },
  key: {
    summary: 'the object, by default {key} of the path; several parts are joined by /',
    schema: reference('value'),
    parse: (value, where, scope) => parseValue(value, { ...scope, where, side: 'request' }),
  },
  value: {
    summary: 'the value written; for cas, `[expected, new]`',
    schema: reference('value'),
    parse: (value, where, scope) => parseValue(value, { ...scope, where, side: 'request' }),
  },
  result: {
    summary: 'the place of the result in the answer; by default the result is the value given',
    schema: reference('result'),
    parse: (value, where, scope) => parseValue(value, { ...scope, where, side: 'answer' }),
  },
  missing: only(
    'absent',
    '"absent": an answer without the result means that there is no value',
    ': then it is not understood',
  ),
  harmless: {
    summary: 'whether the operation has no effect, like a read',
    schema: { type: 'boolean' },
    parse(value, where) {
      if (typeof value === 'boolean') return value
      throw wrong(`${where} is ${quote(value)}. Give true or false.`)
    },
  },
  perhaps: only(
    true,
    'true: it may take effect at any time after the request, or never, like a lease that removes its key',
    ': then it happens',
  ),
  each: {
    summary: 'a list in the request, or in its answer (answer.json.items); each item becomes an operation',
    schema: matching(LIST_SOURCE),
    parse: parseList,
  },
}

/** @throws UserError (input) that begins with `at`. */
export function parseOperation(written: Written, at: string, names: readonly string[]): OperationSpec {
  const scope: Scope = { names, hasItem: written['each'] !== undefined }
  const f = operationMembers.f.parse(written['f'], `${at}: "f"`, scope)
  const operation = { ...parseMembers(written, operationMembers, at, scope), f }
  checkOperation(operation, at, names)
  return operation
}

/** Requires the members that an operation's function needs. */
function checkOperation(
  { f, key, value, result, each, missing, perhaps }: OperationSpec,
  at: string,
  names: readonly string[],
): void {
  if (readsWhole(f) && result === undefined)
    throw wrong(
      `${at}: ${withArticle(f)} has no "result". Say where the answer has the value: "result": "json.value", "body" or "header.ETag".`,
    )
  if ((replacesWhole(f) || f === 'append') && value === undefined)
    throw wrong(
      `${at}: ${withArticle(f)} has no "value". Say where the request has it: "value": "json.value"; for a delete: {"const": null}.`,
    )
  if (meaningOf(f)?.takes === 'pair' && !(Array.isArray(value) && value.length === 2) && !isConstant(value))
    throw wrong(
      `${at}: a cas needs two values, the expected and the new one: "value": ["header.If-Match", "answer.header.ETag"].`,
    )
  if (perhaps && readsWhole(f))
    throw wrong(
      `${at}: ${withArticle(f)} has "perhaps", which applies only to operations that change something. Leave "perhaps" out.`,
    )
  if (missing !== undefined && result === undefined)
    throw wrong(`${at}: "missing" needs a "result". Add a "result", or leave "missing" out.`)
  if (each !== undefined && key === undefined)
    throw wrong(`${at}: "each" is given without "key". Give what distinguishes its items: "key": "item.id" or "name".`)
  if (each !== undefined && !isOfAnswer(each) && result !== undefined)
    throw wrong(
      `${at}: "each" is a list of the request, so "result" belongs to no single item. Leave it out, or take the list from the answer: "each": "answer.${each}".`,
    )
  if (key === undefined && names.length > 0 && !names.includes('key')) {
    const [name] = names
    throw wrong(
      `${at}: the path has {${name}}, and there is no "key". Say "key": "path.${name}", or name it {key}; a segment that is not a key is *.`,
    )
  }
}

const isConstant = (value: OperationSpec['value']): boolean =>
  typeof value === 'object' && 'const' in value && Array.isArray(value['const']) && value['const'].length === 2
