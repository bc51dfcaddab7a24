import { order } from '../order.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { compareNullable } from '../types/array.ts'
import {
  DATE_INFINITY,
  DATE_MINUS_INFINITY,
  INFINITY,
  isEndless,
  MICROS_PER_DAY,
  MINUS_INFINITY,
} from '../types/calendar.ts'
import { formatType } from '../types/format-type.ts'
import { compareFloat } from '../types/numbers.ts'
import { INTEGERS, MOMENTS, OID } from '../types/oids.ts'
import { compareRecords } from '../types/record.ts'
import type { Types } from '../types/registry.ts'
import { type RecordColumn, SqlRecord, type SqlValue } from '../types/value.ts'
import { sessionZone } from '../types/zone.ts'
import type { Env } from './env.ts'

export type Compare = (a: SqlValue, b: SqlValue, env: Env) => number

const TESTS: ReadonlyMap<string, (order: number) => boolean> = new Map([
  ['=', (order: number) => order === 0],
  ['<>', (order: number) => order !== 0],
  ['<', (order: number) => order < 0],
  ['<=', (order: number) => order <= 0],
  ['>', (order: number) => order > 0],
  ['>=', (order: number) => order >= 0],
])

export function comparisonTest(operator: string): ((order: number) => boolean) | undefined {
  return TESTS.get(operator)
}

const FLOATS = new Set<number>([OID.float4, OID.float8])
const TEXTS = new Set<number>([OID.text, OID.name, OID.varchar])

/** Returns the order between values of two types, if they are comparable. */
export function orderBetween(types: Types, left: number, right: number): Compare | undefined {
  if (left === OID.record) return recordOrder(types)
  if (left === right) {
    const compare = types.find(left)?.compare
    return compare === undefined ? undefined : (a, b) => compare(a, b)
  }
  if (INTEGERS.has(left) && INTEGERS.has(right)) return (a, b) => order(a as number | bigint, b as number | bigint)
  if (FLOATS.has(left) && FLOATS.has(right)) return (a, b) => compareFloat(a as number, b as number)
  if (TEXTS.has(left) && TEXTS.has(right)) return types.find(OID.text)?.compare
  return momentOrder(left, right)
}

function momentOrder(left: number, right: number): Compare | undefined {
  if (!MOMENTS.has(left) || !MOMENTS.has(right)) return undefined
  const zoned = left === OID.timestamptz || right === OID.timestamptz
  const micros = (value: SqlValue, oid: number, env: Env): bigint => {
    const local = typeof value === 'number' ? microsOfDate(value) : (value as bigint)
    if (!zoned || oid === OID.timestamptz || isEndless(local)) return local
    return sessionZone(env.session.setting('TimeZone')).toUniversal(local)
  }
  return (a, b, env) => order(micros(a, left, env), micros(b, right, env))
}

function microsOfDate(days: number): bigint {
  if (days === DATE_INFINITY) return INFINITY
  return days === DATE_MINUS_INFINITY ? MINUS_INFINITY : BigInt(days) * MICROS_PER_DAY
}

function recordOrder(types: Types): Compare {
  return (a, b) => {
    if (!(a instanceof SqlRecord) || !(b instanceof SqlRecord))
      throw new NotSupported('a comparison of a row with another value')
    if (a.values.length !== b.values.length) {
      throw new SqlError('42804', 'cannot compare record types with different numbers of columns')
    }
    const column = (i: number) => columnOrder(types, a.columns[i], b.columns[i], i)
    return compareRecords(a, b, column)
  }
}

function columnOrder(
  types: Types,
  a: RecordColumn | undefined,
  b: RecordColumn | undefined,
  i: number,
): (x: SqlValue, y: SqlValue) => number {
  const left = a?.type.oid ?? 0
  const right = b?.type.oid ?? 0
  if (left !== right) {
    throw new SqlError(
      '42804',
      `cannot compare dissimilar column types ${formatType(types, left)} and ${formatType(types, right)} at record column ${i + 1}`,
    )
  }
  const compare = types.find(left)?.compare
  if (compare === undefined)
    throw new SqlError('42883', `could not identify a comparison function for type ${formatType(types, left)}`)
  return compare
}

/**
 * Returns the order for ORDER BY, DISTINCT and GROUP BY, where null is the greatest. Throws 42883 if the type has no
 * order.
 */
export function sortOrder(types: Types, oid: number): (a: SqlValue, b: SqlValue, env: Env) => number {
  const compare = orderBetween(types, oid, oid)
  if (compare === undefined) {
    throw new SqlError('42883', `could not identify an ordering operator for type ${formatType(types, oid)}`, {
      hint: 'Use an explicit ordering operator or modify the query.',
    })
  }
  return (a, b, env) => compareNullable(a, b, (x, y) => compare(x, y, env))
}

/** Throws 42883 for types without an equality, such as json. xid and cid have an equality but no order. */
export function requireEquality(types: Types, oid: number): void {
  if (oid !== OID.xid && oid !== OID.cid && orderBetween(types, oid, oid) === undefined)
    throw new SqlError('42883', `could not identify an equality operator for type ${formatType(types, oid)}`)
}
