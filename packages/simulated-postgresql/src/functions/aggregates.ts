import { SqlError } from '../sql/error.ts'
import { asBoolean, asInterval, asNumber, asNumeric, asString } from '../types/definitions.ts'
import { jsonObject, quoteJson } from '../types/json.ts'
import { addNumeric, divideNumeric, numericOf } from '../types/numeric.ts'
import { OID } from '../types/oids.ts'
import {
  type Interval,
  Jsonb,
  type JsonValue,
  type Numeric,
  SqlArray,
  SqlRecord,
  type SqlValue,
} from '../types/value.ts'
import type { Accumulator, Aggregate } from './accumulator.ts'
import { addFloats, large, wide } from './arithmetic.ts'
import type { CallTypes } from './builtin.ts'
import { jsonKey, jsonText, jsonValue } from './json-values.ts'
import { scaleInterval, sumIntervals } from './moments.ts'
import type { Env } from './session-facts.ts'

function oidOf(call: CallTypes, i = 0): number {
  return call.arguments[i]?.oid ?? OID.any
}

/** Returns an aggregate that combines the non-null values by `step`; null if there are none. */
function fold(step: (state: SqlValue, value: SqlValue, env: Env) => SqlValue): Aggregate {
  return () => {
    let state: SqlValue = null
    return {
      add: ([value = null], env) => {
        if (value !== null) state = state === null ? value : step(state, value, env)
      },
      result: () => state,
    }
  }
}

function count(): Accumulator {
  let rows = 0n
  return {
    add: (values) => {
      if (values.length === 0 || values[0] !== null) rows += 1n
    },
    result: () => rows,
  }
}

function extreme(isGreatest: boolean): Aggregate {
  return (call, env) => {
    const { compare } = env.session.types.typeOf(oidOf(call))
    if (compare === undefined) return undefined
    // Of two equal values, the later one is kept, as in PostgreSQL's functions.
    return fold((state, value) => ((isGreatest ? compare(state, value) : compare(value, state)) > 0 ? state : value))(
      call,
      env,
    )
  }
}

const plus = (a: bigint, b: bigint): bigint => a + b

const sum: Aggregate = (call, env) => {
  switch (oidOf(call)) {
    case OID.int2:
    case OID.int4:
      return totalled(wide, plus, large)
    case OID.int8:
      return totalled(wide, plus, numericOf)
    case OID.float4:
      return fold((a, b) => addFloats(asNumber(a), asNumber(b), true))(call, env)
    case OID.float8:
      return fold((a, b) => addFloats(asNumber(a), asNumber(b)))(call, env)
    case OID.numeric:
      return fold((a, b) => addNumeric(asNumeric(a), asNumeric(b)))(call, env)
    case OID.interval:
      return fold((a, b) => sumIntervals(asInterval(a), asInterval(b)))(call, env)
  }
  return undefined
}

const average: Aggregate = (call) => {
  switch (oidOf(call)) {
    case OID.int2:
    case OID.int4:
    case OID.int8:
      return totalled(wide, plus, (total, rows) => divideNumeric(numericOf(total), numericOf(rows)))
    case OID.numeric:
      return totalled<Numeric>(asNumeric, addNumeric, (total, rows) => divideNumeric(total, numericOf(rows)))
    case OID.float4:
    case OID.float8:
      return totalled(asNumber, addFloats, (total, rows) => total / rows)
    case OID.interval:
      return totalled<Interval>(asInterval, sumIntervals, (total, rows) => scaleInterval(total, (part) => part / rows))
  }
  return undefined
}

function totalled<T extends SqlValue>(
  read: (value: SqlValue) => T,
  add: (a: T, b: T) => T,
  finish: (total: T, rows: number) => SqlValue,
): Accumulator {
  let total: T | undefined
  let rows = 0
  return {
    add: ([value = null]) => {
      if (value === null) return
      total = total === undefined ? read(value) : add(total, read(value))
      rows += 1
    },
    result: () => (total === undefined ? null : finish(total, rows)),
  }
}

/** An aggregate of arrays adds a dimension. */
const arrayAggregate: Aggregate = (call) => {
  const values: SqlValue[] = []
  const elementOid = oidOf(call)
  const nested = call.arguments[0]?.name.startsWith('_') === true
  return {
    add: ([value = null]) => {
      if (nested && value === null) throw new SqlError('22004', 'cannot accumulate null arrays')
      values.push(value)
    },
    result: () => {
      if (values.length === 0) return null
      return nested ? stacked(values) : new SqlArray(elementOid, [...values])
    },
  }
}

function stacked(values: readonly SqlValue[]): SqlArray {
  const arrays = values.filter((value) => value instanceof SqlArray)
  const [first] = arrays
  if (first === undefined || first.elements.length === 0) throw new SqlError('2202E', 'cannot accumulate empty arrays')
  if (arrays.some((array) => array.dimensions.join() !== first.dimensions.join())) {
    throw new SqlError('2202E', 'cannot accumulate arrays of different dimensionality')
  }
  const elements = arrays.flatMap((array) => array.elements)
  return new SqlArray(first.elementOid, elements, [arrays.length, ...first.dimensions])
}

const stringAggregate: Aggregate = (call) => {
  if (oidOf(call) !== OID.text) return undefined
  let text: string | null = null
  return {
    add: ([value = null, delimiter = null]) => {
      if (value === null) return
      text = text === null ? asString(value) : text + (delimiter === null ? '' : asString(delimiter)) + asString(value)
    },
    result: () => text,
  }
}

function jsonAggregate(strict: boolean): Aggregate {
  return (call) => {
    let text: string | undefined
    return {
      add: ([value = null], env) => {
        if (strict && value === null) return
        const element = jsonText(value, oidOf(call), env)
        const composite = value instanceof SqlRecord || value instanceof SqlArray
        text = text === undefined ? element : `${text}, ${composite ? '\n ' : ''}${element}`
      },
      result: () => (text === undefined ? null : `[${text}]`),
    }
  }
}

function jsonbAggregate(strict: boolean): Aggregate {
  return (call) => {
    let elements: JsonValue[] | undefined
    return {
      add: ([value = null], env) => {
        if (strict && value === null) return
        elements ??= []
        elements.push(jsonValue(value, oidOf(call), env))
      },
      result: () => (elements === undefined ? null : new Jsonb([...elements])),
    }
  }
}

const jsonObjectAggregate: Aggregate = (call) => {
  let members: string | undefined
  return {
    add: ([key = null, value = null], env) => {
      if (key === null) throw new SqlError('22004', 'null value not allowed for object key')
      const member = `${quoteJson(jsonKey(key, oidOf(call), env))} : ${jsonText(value, oidOf(call, 1), env)}`
      members = members === undefined ? member : `${members}, ${member}`
    },
    result: () => (members === undefined ? null : `{ ${members} }`),
  }
}

const jsonbObjectAggregate: Aggregate = (call) => {
  let members: [string, JsonValue][] | undefined
  return {
    add: ([key = null, value = null], env) => {
      if (key === null) throw new SqlError('22023', 'field name must not be null')
      members ??= []
      members.push([jsonKey(key, oidOf(call), env), jsonValue(value, oidOf(call, 1), env)])
    },
    result: () => (members === undefined ? null : new Jsonb(jsonObject(members))),
  }
}

const all: Aggregate = fold((a, b) => asBoolean(a) && asBoolean(b))

const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map<string, Aggregate>([
  ['count', count],
  ['sum', sum],
  ['avg', average],
  ['min', extreme(false)],
  ['max', extreme(true)],
  ['bool_and', all],
  ['every', all],
  ['bool_or', fold((a, b) => asBoolean(a) || asBoolean(b))],
  ['any_value', fold((state) => state)],
  ['array_agg', arrayAggregate],
  ['string_agg', stringAggregate],
  ['json_agg', jsonAggregate(false)],
  ['json_agg_strict', jsonAggregate(true)],
  ['jsonb_agg', jsonbAggregate(false)],
  ['jsonb_agg_strict', jsonbAggregate(true)],
  ['json_object_agg', jsonObjectAggregate],
  ['jsonb_object_agg', jsonbObjectAggregate],
])

export function aggregateNamed(name: string): Aggregate | undefined {
  return AGGREGATES.get(name)
}
