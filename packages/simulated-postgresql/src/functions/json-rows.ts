import { SqlError } from '../sql/error.ts'
import { asJsonb, asString } from '../types/definitions.ts'
import { formatJson, isJsonArray, isJsonObject, parseJson, splitJson } from '../types/json.ts'
import { OID } from '../types/oids.ts'
import { type JsonValue, type RecordColumn, SqlArray, SqlRecord, type SqlType, type SqlValue } from '../types/value.ts'
import type { Env } from './session-facts.ts'
import type { SetFunction } from './set-function.ts'

// This file converts a JSON document to rows whose columns are given (jsonfuncs.c, populate_record).

/** A value in a json or jsonb document. */
interface Part {
  readonly kind: 'null' | 'string' | 'scalar' | 'array' | 'object'
  /** The JSON text of the part. In a json document, it is as written. */
  readonly text: string
  /** The content of a string without quotes and escapes. For other values, the same as `text`. */
  readonly plain: string
  elements(): readonly Part[]
  members(): ReadonlyMap<string, Part>
}

function jsonbPart(value: JsonValue): Part {
  const text = formatJson(value)
  return {
    kind:
      value === null
        ? 'null'
        : isJsonArray(value)
          ? 'array'
          : isJsonObject(value)
            ? 'object'
            : typeof value === 'string'
              ? 'string'
              : 'scalar',
    text,
    plain: typeof value === 'string' ? value : text,
    elements: () => (isJsonArray(value) ? value.map(jsonbPart) : []),
    members: () => new Map(isJsonObject(value) ? [...value].map(([key, each]) => [key, jsonbPart(each)]) : []),
  }
}

function jsonPart(source: string): Part {
  const text = source.trim()
  const parts = splitJson(text)
  if (parts.kind === 'scalar') return jsonbPart(parseJson(text))
  return {
    kind: parts.kind,
    text,
    plain: text,
    elements: () => (parts.kind === 'array' ? parts.elements.map(jsonPart) : []),
    members: () => new Map(parts.kind === 'object' ? parts.members.map(([key, each]) => [key, jsonPart(each)]) : []),
  }
}

/** A domain may forbid null. */
function nullOf({ domain }: SqlType, env: Env): null {
  if (domain !== undefined) env.session.types.typeOf(domain).domain?.check(null, env.session)
  return null
}

/** Converts a part of a JSON document to a value of a type. `key`: the key of the part, for error messages. */
function fieldOf(part: Part, type: SqlType, key: string, env: Env): SqlValue {
  const { types } = env.session
  const { elementOid, input } = types.typeOf(type.domain ?? type.oid)
  if (part.kind === 'null') return nullOf(type, env)
  if (elementOid !== 0 && part.kind !== 'string') return arrayOf(part, elementOid, type.typmod, key, env)
  const isDocument = type.oid === OID.json || type.oid === OID.jsonb
  return input(isDocument ? part.text : part.plain, env.session, type.typmod)
}

function arrayOf(part: Part, elementOid: number, typmod: number, key: string, env: Env): SqlArray {
  const expected = (path: readonly number[]): SqlError =>
    new SqlError('22P02', 'expected JSON array', {
      hint:
        path.length === 0
          ? `See the value of key "${key}".`
          : `See the array element ${path.map((at) => `[${at}]`).join('')} of key "${key}".`,
    })
  if (part.kind !== 'array') throw expected([])
  const type = { oid: elementOid, name: env.session.types.typeOf(elementOid).name, typmod }
  const dimensions: number[] = []
  const elements: SqlValue[] = []
  const collect = (array: Part, path: readonly number[]): void => {
    const all = array.elements()
    const depth = path.length
    if (dimensions[depth] === undefined) dimensions.push(all.length)
    else if (dimensions[depth] !== all.length)
      throw new SqlError('22P02', 'malformed JSON array', {
        detail: 'Multidimensional arrays must have sub-arrays with matching dimensions.',
      })
    for (const [at, element] of all.entries()) {
      if (element.kind === 'array' && (dimensions.length > depth + 1 || elements.length === 0)) {
        collect(element, [...path, at])
      } else if (dimensions.length > depth + 1) throw expected([...path, at])
      else elements.push(fieldOf(element, type, key, env))
    }
  }
  collect(part, [])
  return elements.length === 0 ? new SqlArray(elementOid, []) : new SqlArray(elementOid, elements, dimensions)
}

/** Returns a row with the values of a document, and `base` for missing columns. */
function rowOf(part: Part, columns: readonly RecordColumn[], base: SqlRecord | null, env: Env): readonly SqlValue[] {
  const members = part.members()
  return columns.map(({ name, type }, at) => {
    const member = members.get(name)
    if (member !== undefined) return fieldOf(member, type, name, env)
    return base === null ? nullOf(type, env) : (base.values[at] ?? null)
  })
}

type Reading = (value: SqlValue) => Part
const readJson: Reading = (value) => jsonPart(asString(value))
const readJsonb: Reading = (value) => jsonbPart(asJsonb(value).value)

const recordOf = (value: SqlValue): SqlRecord | null => (value instanceof SqlRecord ? value : null)

function record(read: Reading, populates: boolean): SetFunction {
  return (values, env, { columns = [] }) => {
    const [base, document = null] = populates ? [recordOf(values[0] ?? null), values[1]] : [null, values[0]]
    if (document === null) return [base?.values ?? columns.map(() => null)]
    const part = read(document)
    if (part.kind !== 'object') {
      const what = part.kind === 'array' ? 'an array' : 'a scalar'
      throw new SqlError('22023', `cannot call populate_composite on ${what}`)
    }
    return [rowOf(part, columns, base, env)]
  }
}

function recordSet(name: string, read: Reading, populates: boolean): SetFunction {
  return (values, env, { columns = [] }) => {
    const [base, document = null] = populates ? [recordOf(values[0] ?? null), values[1]] : [null, values[0]]
    if (document === null) return []
    const part = read(document)
    if (part.kind !== 'array') {
      const what = part.kind === 'object' ? 'an object' : 'a scalar'
      throw new SqlError('22023', `cannot call ${name} on ${read === readJsonb ? 'a non-array' : what}`)
    }
    return part.elements().map((element) => {
      if (element.kind !== 'object') throw new SqlError('22023', `argument of ${name} must be an array of objects`)
      return rowOf(element, columns, base, env)
    })
  }
}

/** Functions whose result columns are defined by the call. */
export const JSON_ROWS: Readonly<Record<string, SetFunction>> = {
  json_to_record: record(readJson, false),
  jsonb_to_record: record(readJsonb, false),
  json_populate_record: record(readJson, true),
  jsonb_populate_record: record(readJsonb, true),
  json_to_recordset: recordSet('json_to_recordset', readJson, false),
  jsonb_to_recordset: recordSet('jsonb_to_recordset', readJsonb, false),
  json_populate_recordset: recordSet('json_populate_recordset', readJson, true),
  jsonb_populate_recordset: recordSet('jsonb_populate_recordset', readJsonb, true),
}
