import { SqlError } from '../sql/error.ts'
import { asArray, asBoolean, asJsonb, asNumber, asString } from '../types/definitions.ts'
import {
  compareJson,
  isContainer,
  isJsonArray,
  isJsonObject,
  jsonObject,
  jsonTypeName,
  parseJson,
  quoteJson,
  splitJson,
} from '../types/json.ts'
import { OID } from '../types/oids.ts'
import { Jsonb, type JsonValue, type SqlValue } from '../types/value.ts'
import { type Builtin, type Builtins, type CallTypes, taking } from './builtin.ts'
import { jsonbPath, jsonElement, jsonMember, pathIndex } from './json-access.ts'
import { extractedText, jsonKey, jsonText, jsonValue, scalarText } from './json-values.ts'

function document(value: SqlValue | undefined): JsonValue {
  return asJsonb(value).value
}

function wrapped(value: JsonValue | undefined): Jsonb | null {
  return value === undefined ? null : new Jsonb(value)
}

function text(value: JsonValue | undefined): string | null {
  return value === undefined ? null : scalarText(value)
}

function steps(array: SqlValue | undefined): readonly (string | null)[] {
  return asArray(array).elements.map((element) => (element === null ? null : asString(element)))
}

function path(value: JsonValue, keys: readonly (string | null)[]): JsonValue | undefined {
  return keys.includes(null) ? undefined : jsonbPath(value, keys as readonly string[])
}

function textAt(source: string, step: string | number): string | undefined {
  const parts = splitJson(source)
  if (typeof step === 'string') {
    if (parts.kind !== 'object') return undefined
    return parts.members.findLast(([key]) => key === step)?.[1]
  }
  if (parts.kind !== 'array') return undefined
  return parts.elements[step < 0 ? parts.elements.length + step : step]
}

function textPath(source: string, keys: readonly (string | null)[]): string | undefined {
  let current: string | undefined = source
  for (const key of keys) {
    if (current === undefined || key === null) return undefined
    const index: number | undefined = pathIndex(key)
    current =
      splitJson(current).kind === 'object' || index === undefined ? textAt(current, key) : textAt(current, index)
  }
  return current
}

const access: Builtins = {
  ...taking([document, asString], {
    jsonb_object_field: (a, key) => wrapped(jsonMember(a, key)),
    jsonb_object_field_text: (a, key) => text(jsonMember(a, key)),
  }),
  ...taking([document, asNumber], {
    jsonb_array_element: (a, index) => wrapped(jsonElement(a, index)),
    jsonb_array_element_text: (a, index) => text(jsonElement(a, index)),
  }),
  ...taking([document, steps], {
    jsonb_extract_path: (a, keys) => wrapped(path(a, keys)),
    jsonb_extract_path_text: (a, keys) => text(path(a, keys)),
  }),
  ...taking([asString, asString], {
    json_object_field: (a, key) => textAt(a, key) ?? null,
    json_object_field_text: (a, key) => extractedText(textAt(a, key)),
  }),
  ...taking([asString, asNumber], {
    json_array_element: (a, index) => textAt(a, index) ?? null,
    json_array_element_text: (a, index) => extractedText(textAt(a, index)),
  }),
  ...taking([asString, steps], {
    json_extract_path: (a, keys) => textPath(a, keys) ?? null,
    json_extract_path_text: (a, keys) => extractedText(textPath(a, keys)),
  }),
}

/** The operator `@>`. An array contains a scalar that is its element. */
function contains(outer: JsonValue, inner: JsonValue, top: boolean): boolean {
  if (isJsonObject(outer) && isJsonObject(inner)) {
    return [...inner].every(([key, value]) => {
      const found = outer.get(key)
      return found !== undefined && contains(found, value, false)
    })
  }
  if (isJsonArray(outer) && isJsonArray(inner)) {
    return inner.every((wanted) => outer.some((element) => contains(element, wanted, false)))
  }
  if (top && isJsonArray(outer) && !isContainer(inner)) {
    return outer.some((element) => compareJson(element, inner) === 0)
  }
  return jsonTypeName(outer) === jsonTypeName(inner) && compareJson(outer, inner) === 0
}

function isEmpty(value: JsonValue): boolean {
  return (isJsonArray(value) && value.length === 0) || (isJsonObject(value) && value.size === 0)
}

function exists(value: JsonValue, key: string): boolean {
  if (isJsonObject(value)) return value.has(key)
  return isJsonArray(value) ? value.includes(key) : value === key
}

function keysOf(value: SqlValue | undefined): readonly string[] {
  return asArray(value)
    .elements.filter((element) => element !== null)
    .map(asString)
}

function concatenated(a: JsonValue, b: JsonValue): JsonValue {
  if (isJsonObject(a) && isJsonObject(b)) return jsonObject([...a, ...b])
  const list = (value: JsonValue): readonly JsonValue[] => (isJsonArray(value) ? value : [value])
  return [...list(a), ...list(b)]
}

function withoutKeys(value: JsonValue, keys: readonly string[]): JsonValue {
  if (isJsonObject(value)) return new Map([...value].filter(([key]) => !keys.includes(key)))
  if (isJsonArray(value)) {
    return value.filter((element) => typeof element !== 'string' || !keys.includes(element))
  }
  throw new SqlError('22023', 'cannot delete from scalar')
}

function changed(
  value: JsonValue,
  keys: readonly (string | null)[],
  at: number,
  next: JsonValue,
  create: boolean,
): JsonValue {
  const step = keys[at]
  if (step === undefined || value === null) return value
  if (step === null) throw new SqlError('22004', `path element at position ${at + 1} is null`)
  const last = at === keys.length - 1
  const below = (current: JsonValue): JsonValue => (last ? next : changed(current, keys, at + 1, next, create))
  if (isJsonObject(value)) {
    const current = value.get(step)
    return current === undefined && !(last && create) ? value : jsonObject([...value, [step, below(current ?? null)]])
  }
  if (!isJsonArray(value)) return value
  const given = pathIndex(step)
  if (given === undefined)
    throw new SqlError('22P02', `path element at position ${at + 1} is not an integer: "${step}"`)
  const index = given < 0 ? value.length + given : given
  const current = value[index]
  if (current !== undefined) return value.with(index, below(current))
  if (!last || !create) return value
  return index < 0 ? [next, ...value] : [...value, next]
}

const setPath: Builtin = ([a, keys, value, create = true]) => {
  const target = document(a)
  if (!isContainer(target)) throw new SqlError('22023', 'cannot set path in scalar')
  if (isEmpty(target) && !asBoolean(create)) return new Jsonb(target)
  return new Jsonb(changed(target, steps(keys), 0, document(value), asBoolean(create)))
}

function argumentOid(call: CallTypes, i: number): number {
  return call.arguments[i]?.oid ?? OID.text
}

/** Yields keys and values. `noKey` returns the error for a null in the place of a key. */
function* pairsOf(
  [values, env, call]: Parameters<Builtin>,
  noKey: (place: number) => SqlError,
): Generator<readonly [key: string, value: SqlValue, oid: number]> {
  if (values.length % 2 !== 0) {
    throw new SqlError('22023', 'argument list must have even number of elements', {
      hint: 'The arguments of json_build_object() must consist of alternating keys and values.',
    })
  }
  for (let i = 0; i < values.length; i += 2) {
    const key = values[i] ?? null
    if (key === null) throw noKey(i + 1)
    yield [jsonKey(key, argumentOid(call, i), env), values[i + 1] ?? null, argumentOid(call, i + 1)]
  }
}

const objectText: Builtin = (...given) => {
  const pairs = pairsOf(given, () => new SqlError('22004', 'null value not allowed for object key'))
  const members = Array.from(pairs, ([key, value, oid]) => `${quoteJson(key)} : ${jsonText(value, oid, given[1])}`)
  return `{${members.join(', ')}}`
}

const objectValue: Builtin = (...given) => {
  const pairs = pairsOf(given, (place) => new SqlError('22023', `argument ${place}: key must not be null`))
  return new Jsonb(jsonObject(Array.from(pairs, ([key, value, oid]) => [key, jsonValue(value, oid, given[1])])))
}

const builtArray = (...[values, env, call]: Parameters<Builtin>): string =>
  `[${values.map((value, i) => jsonText(value, argumentOid(call, i), env)).join(', ')}]`

const build: Builtins = {
  to_json: ([a = null], env, call) => jsonText(a, argumentOid(call, 0), env),
  to_jsonb: ([a = null], env, call) => new Jsonb(jsonValue(a, argumentOid(call, 0), env)),
  row_to_json: ([a = null], env) => jsonText(a, OID.record, env),
  array_to_json: ([a = null], env) => jsonText(a, OID.anyarray, env),
  json_build_object: objectText,
  json_build_object_noargs: () => '{}',
  json_build_array: builtArray,
  json_build_array_noargs: () => '[]',
  jsonb_build_object: objectValue,
  jsonb_build_object_noargs: () => new Jsonb(new Map()),
  jsonb_build_array: (...given) => new Jsonb(parseJson(builtArray(...given))),
  jsonb_build_array_noargs: () => new Jsonb([]),
}

const KINDS: Readonly<Record<string, string>> = {
  ...{ '{': 'object', '[': 'array', '"': 'string' },
  ...{ t: 'boolean', f: 'boolean', n: 'null' },
}

function arrayLength(elements: readonly unknown[] | undefined, isObject: boolean): number {
  if (elements !== undefined) return elements.length
  throw new SqlError('22023', `cannot get array length of a ${isObject ? 'non-array' : 'scalar'}`)
}

export const JSON_FUNCTIONS: Builtins = {
  ...access,
  ...build,
  jsonb_set: setPath,
  ...taking([document, document], {
    jsonb_contains: (a, b) => contains(a, b, true),
    jsonb_contained: (a, b) => contains(b, a, true),
    jsonb_concat: (a, b) => new Jsonb(concatenated(a, b)),
  }),
  ...taking([document, asString], {
    jsonb_exists: exists,
    jsonb_delete: (a, key) => new Jsonb(withoutKeys(a, [key])),
  }),
  ...taking([document, keysOf], {
    jsonb_exists_any: (a, keys) => keys.some((key) => exists(a, key)),
    jsonb_exists_all: (a, keys) => keys.every((key) => exists(a, key)),
  }),
  ...taking([document], {
    jsonb_typeof: jsonTypeName,
    jsonb_array_length: (a) => arrayLength(isJsonArray(a) ? a : undefined, isJsonObject(a)),
  }),
  ...taking([asString], {
    json_typeof: (a) => KINDS[a.trimStart().slice(0, 1)] ?? 'number',
    json_array_length: (a) => {
      const parts = splitJson(a)
      return arrayLength(parts.kind === 'array' ? parts.elements : undefined, parts.kind === 'object')
    },
  }),
}
