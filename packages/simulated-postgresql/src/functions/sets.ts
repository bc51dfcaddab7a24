import { SqlError } from '../sql/error.ts'
import { isEndless } from '../types/calendar.ts'
import { asArray, asBigint, asBoolean, asInterval, asJsonb, asNumber, asString } from '../types/definitions.ts'
import { intervalMicros } from '../types/interval.ts'
import { isJsonArray, isJsonObject, splitJson } from '../types/json.ts'
import { Jsonb, type JsonValue, SqlRecord, type SqlValue } from '../types/value.ts'
import { fixedZone, type Zone } from '../types/zone.ts'
import { zoneOf } from './casts.ts'
import { JSON_ROWS } from './json-rows.ts'
import { extractedText, scalarText } from './json-values.ts'
import { addIntervalIn } from './moments.ts'
import type { SetFunction } from './set-function.ts'
import { splitText } from './text.ts'

function zeroStep(): SqlError {
  return new SqlError('22023', 'step size cannot equal zero')
}

function* integers(from: number, to: number, step: number): Generator<readonly SqlValue[]> {
  if (step === 0) throw zeroStep()
  for (let i = from; step > 0 ? i <= to : i >= to; i += step) yield [i]
}

function* bigints(from: bigint, to: bigint, step: bigint): Generator<readonly SqlValue[]> {
  if (step === 0n) throw zeroStep()
  for (let i = from; step > 0n ? i <= to : i >= to; i += step) yield [i]
}

function* moments(values: readonly SqlValue[], zone: Zone): Generator<readonly SqlValue[]> {
  const [from, to, step] = [asBigint(values[0]), asBigint(values[1]), asInterval(values[2])]
  const sign = intervalMicros(step)
  if (sign === 0n) throw zeroStep()
  if (isEndless(to) || isEndless(from)) throw new SqlError('22023', 'start and stop cannot be infinite')
  for (let i = from; sign > 0n ? i <= to : i >= to; ) {
    yield [i]
    i = addIntervalIn(zone, i, step)
  }
}

function* subscripts(values: readonly SqlValue[]): Generator<readonly SqlValue[]> {
  const array = asArray(values[0])
  const dimension = asNumber(values[1]) - 1
  const size = array.dimensions[dimension]
  if (size === undefined) return
  const lower = array.lowerBounds[dimension] ?? 1
  const reverse = values[2] !== undefined && asBoolean(values[2])
  for (let i = 0; i < size; i += 1) yield [reverse ? lower + size - 1 - i : lower + i]
}

/** Expands an array. Elements that are rows become several columns. */
function* unnested(values: readonly SqlValue[]): Generator<readonly SqlValue[]> {
  for (const element of asArray(values[0]).elements) yield element instanceof SqlRecord ? element.values : [element]
}

function elements(value: JsonValue): readonly JsonValue[] {
  if (isJsonArray(value)) return value
  const what = isJsonObject(value) ? 'an object' : 'a scalar'
  throw new SqlError('22023', `cannot extract elements from ${what}`)
}

function members(value: JsonValue, name: string): readonly (readonly [string, JsonValue])[] {
  if (isJsonObject(value)) return [...value]
  const array = isJsonArray(value)
  if (name.endsWith('object_keys')) {
    throw new SqlError('22023', `cannot call ${name} on ${array ? 'an array' : 'a scalar'}`)
  }
  throw new SqlError('22023', `cannot call ${name} on a non-object`)
}

function textElements(source: string, name: string): readonly string[] {
  const parts = splitJson(source)
  if (parts.kind === 'array') return parts.elements
  const what = parts.kind === 'object' ? 'a non-array' : 'a scalar'
  throw new SqlError('22023', `cannot call ${name} on ${what}`)
}

const json: Readonly<Record<string, SetFunction>> = {
  jsonb_array_elements: ([a]) => elements(asJsonb(a).value).map((value) => [new Jsonb(value)]),
  jsonb_array_elements_text: ([a]) => elements(asJsonb(a).value).map((value) => [scalarText(value)]),
  jsonb_object_keys: ([a]) => members(asJsonb(a).value, 'jsonb_object_keys').map(([key]) => [key]),
  jsonb_each: ([a]) => members(asJsonb(a).value, 'jsonb_each').map(([key, value]) => [key, new Jsonb(value)]),
  jsonb_each_text: ([a]) =>
    members(asJsonb(a).value, 'jsonb_each_text').map(([key, value]) => [key, scalarText(value)]),
  json_array_elements: ([a]) => textElements(asString(a), 'json_array_elements').map((text) => [text]),
  json_array_elements_text: ([a]) =>
    textElements(asString(a), 'json_array_elements_text').map((text) => [extractedText(text)]),
}

const toTable: SetFunction = ([text = null, separator = null, nullText = null]) =>
  text === null ? [] : splitText(asString(text), separator, nullText).map((part) => [part])

const SETS: Readonly<Record<string, SetFunction>> = {
  ...json,
  ...JSON_ROWS,
  generate_series_int4: ([from, to]) => integers(asNumber(from), asNumber(to), 1),
  generate_series_step_int4: ([from, to, step]) => integers(asNumber(from), asNumber(to), asNumber(step)),
  generate_series_int8: ([from, to]) => bigints(asBigint(from), asBigint(to), 1n),
  generate_series_step_int8: ([from, to, step]) => bigints(asBigint(from), asBigint(to), asBigint(step)),
  generate_series_timestamp: (values) => moments(values, fixedZone(0)),
  generate_series_timestamptz: (values, env) => moments(values, zoneOf(env)),
  generate_subscripts: subscripts,
  generate_subscripts_nodir: subscripts,
  array_unnest: unnested,
  text_to_table: toTable,
  text_to_table_null: toTable,
}

export function setFunction(source: string): SetFunction | undefined {
  return SETS[source]
}
