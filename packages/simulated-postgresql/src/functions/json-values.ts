import { SqlError } from '../sql/error.ts'
import { foldArray } from '../types/array.ts'
import { formatDate, formatTimestamp } from '../types/datetime.ts'
import { asBigint, asJsonb, asNumber, asString } from '../types/definitions.ts'
import { formatJson, parseJson, quoteJson } from '../types/json.ts'
import { OID } from '../types/oids.ts'
import { Jsonb, type JsonValue, SqlArray, SqlRecord, type SqlValue } from '../types/value.ts'
import { sessionZone } from '../types/zone.ts'
import type { Env } from './session-facts.ts'

/** Returns a timestamp in JSON form. */
function momentText(value: SqlValue, oid: number, env: Env): string | undefined {
  switch (oid) {
    case OID.date:
      return formatDate(asNumber(value))
    case OID.timestamp:
      return formatTimestamp(asBigint(value), undefined, 'T')
    case OID.timestamptz: {
      const text = formatTimestamp(asBigint(value), sessionZone(env.session.setting('TimeZone')), 'T')
      return text.replace(/([+-]\d\d)( BC)?$/, '$1:00$2')
    }
  }
  return undefined
}

/** NaN and the infinities are strings in JSON. */
function numberText(text: string): string {
  return /^-?\d/.test(text) ? text : `"${text}"`
}

/** Returns a value as JSON text, as `to_json` does. */
export function jsonText(value: SqlValue, oid: number, env: Env): string {
  if (value === null) return 'null'
  if (value instanceof SqlArray) {
    const { elementOid } = value
    return foldArray(
      value,
      (element) => jsonText(element, elementOid, env),
      (parts) => `[${parts.join(',')}]`,
    )
  }
  if (value instanceof SqlRecord) return recordText(value, env)
  const type = env.session.types.typeOf(oid)
  switch (oid) {
    case OID.bool:
      return value === true ? 'true' : 'false'
    case OID.int2:
    case OID.int4:
    case OID.int8:
    case OID.float4:
    case OID.float8:
    case OID.numeric:
      return numberText(type.output(value, env.session))
    case OID.json:
      return asString(value)
    case OID.jsonb:
      return formatJson(asJsonb(value).value)
  }
  return quoteJson(momentText(value, oid, env) ?? type.output(value, env.session))
}

function recordText(record: SqlRecord, env: Env): string {
  const parts = record.columns.map(
    (column, i) => `${quoteJson(column.name)}:${jsonText(record.values[i] ?? null, column.type.oid, env)}`,
  )
  return `{${parts.join(',')}}`
}

/** Returns a value as jsonb, as `to_jsonb` does. */
export const jsonValue = (value: SqlValue, oid: number, env: Env): JsonValue =>
  value instanceof Jsonb ? value.value : parseJson(jsonText(value, oid, env))

/** Returns a value of any type as the key of an object. */
export function jsonKey(value: Exclude<SqlValue, null>, oid: number, env: Env): string {
  if (value instanceof SqlArray || value instanceof SqlRecord || oid === OID.json || oid === OID.jsonb) {
    throw new SqlError('22023', 'key value must be scalar, not array, composite, or json')
  }
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  return momentText(value, oid, env) ?? env.session.types.typeOf(oid).output(value, env.session)
}

/** Returns the text of a value for `->>`: a string without quotes, null for JSON's null. */
export function scalarText(value: JsonValue): string | null {
  if (value === null) return null
  return typeof value === 'string' ? value : formatJson(value)
}

/** Returns a JSON text as `->>` shows it. */
export function extractedText(source: string | undefined): string | null {
  if (source === undefined) return null
  const trimmed = source.trim()
  if (trimmed === 'null') return null
  return trimmed.startsWith('"') ? scalarText(parseJson(trimmed)) : trimmed
}
