import { inputError, meaningOf, readsWhole, replacesWhole, withArticle } from '@chaosproxy/history'
import type { Members } from '../../record/settings.ts'
import { isOfAnswer } from '../mapping/value-source.ts'
import type { OperationSpec, ValueSpec } from '../table/route-table.ts'
import { isText, type Member, type MembersOf, parseMembers, plain, type Scope } from './members.ts'
import { parseValue, type ValuePlace } from './parse-value.ts'
import { fits, LIST_SOURCE, matching, reference, text } from './patterns.ts'

type OnlyValue = true | 'absent'

/** Returns a member whose only allowed value is `value`. */
export const only = <Value extends OnlyValue>(value: Value, summary: string, without = ''): Member<Value> =>
  plain(
    summary,
    { const: value },
    (given): given is Value => given === value,
    `Give ${JSON.stringify(value)}, or leave it out${without}.`,
  )

const valued = (side: ValuePlace['side'], summary: string): Member<ValueSpec> => ({
  summary,
  schema: reference(side === 'request' ? 'value' : 'result'),
  parse: (value, where, scope) => parseValue(value, { ...scope, where, side }),
})

export const operationMembers: MembersOf<OperationSpec> = {
  f: plain(
    "the model's function: read, write, cas, …",
    text,
    isText,
    'Say what the request does: "read", "write", "cas", …; or "ignore": true.',
  ),
  key: valued('request', 'the object, by default {key} of the path; several parts are joined by /'),
  value: valued('request', 'the value written; for cas, `[expected, new]`'),
  result: valued(
    'answer',
    'the place of the result in the answer; by default, the value in the request is recorded as the result',
  ),
  missing: only(
    'absent',
    '"absent": an answer without the result means that there is no value',
    ': then it is not understood',
  ),
  harmless: plain(
    'whether the operation has no effect, like a read',
    { type: 'boolean' },
    (value) => typeof value === 'boolean',
    'Give true or false.',
  ),
  perhaps: only(
    true,
    'true: it may take effect at any time after the request, or never, like a lease that removes its key',
    ': then it happens',
  ),
  each: plain(
    'a list in the request, or in its answer (answer.json.items); each item becomes an operation',
    matching(LIST_SOURCE),
    fits(LIST_SOURCE),
    'Give the place of a list: "json.items" (in the request) or "answer.json.items".',
  ),
}

/** @throws UserError (input) that begins with `at`. */
export function parseOperation(written: Members, at: string, names: readonly string[]): OperationSpec {
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
    throw inputError(
      `${at}: ${withArticle(f)} has no "result". Say where the answer has the value: "result": "json.value", "body" or "header.ETag".`,
    )
  if ((replacesWhole(f) || f === 'append') && value === undefined)
    throw inputError(
      `${at}: ${withArticle(f)} has no "value". Say where the request has it: "value": "json.value"; for a delete: {"const": null}.`,
    )
  if (meaningOf(f)?.takes === 'pair' && !(Array.isArray(value) && value.length === 2) && !isConstant(value))
    throw inputError(
      `${at}: a cas needs two values, the expected and the new one: "value": ["header.If-Match", "answer.header.ETag"].`,
    )
  if (perhaps && readsWhole(f))
    throw inputError(
      `${at}: ${withArticle(f)} has "perhaps", which applies only to operations that change something. Leave "perhaps" out.`,
    )
  if (missing !== undefined && result === undefined)
    throw inputError(`${at}: "missing" needs a "result". Add a "result", or leave "missing" out.`)
  if (each !== undefined && key === undefined)
    throw inputError(
      `${at}: "each" is given without "key". Say what identifies an item: "key": "item.id" for a part of the item, or "key": "name" for its name or position.`,
    )
  if (each !== undefined && !isOfAnswer(each) && result !== undefined)
    throw inputError(
      `${at}: "each" is a list in the request, so "result" is not the result of a single item. Leave "result" out, or take the list from the answer: "each": "answer.${each}".`,
    )
  if (key === undefined && names.length > 0 && !names.includes('key')) {
    const [name] = names
    throw inputError(
      `${at}: the path has {${name}}, but there is no "key". If this segment is the key, add "key": "path.${name}", or name it {key}. If not, write * instead.`,
    )
  }
}

const isConstant = (value: OperationSpec['value']): boolean =>
  typeof value === 'object' && 'const' in value && Array.isArray(value['const']) && value['const'].length === 2
