/**
 * Values of SQL as the engine holds them. The type that a value has is known from the expression or column that it
 * comes from, never from the value.
 *
 * | type | value |
 * | --- | --- |
 * | bool | boolean |
 * | int2, int4, oid and the other object identifiers, float4, float8 | number |
 * | int8 | bigint |
 * | numeric | {@link Numeric} |
 * | text, varchar, char(n), name, uuid, json, enum labels | string |
 * | bytea | Uint8Array |
 * | date | number: days since 2000-01-01 |
 * | timestamp, timestamptz | bigint: microseconds since 2000-01-01 (UTC) |
 * | time | bigint: microseconds since midnight |
 * | interval | {@link Interval} |
 * | jsonb | {@link Jsonb} |
 * | arrays | {@link SqlArray} |
 * | rows | {@link SqlRecord} |
 * | ranges | {@link SqlRange} |
 */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Numeric
  | Interval
  | SqlArray
  | SqlRecord
  | SqlRange
  | Jsonb

/**
 * A type and its modifier `typmod`, such as the length of a varchar or the precision of a numeric; -1 means no
 * modifier.
 */
export interface SqlType {
  readonly oid: number
  readonly name: string
  readonly typmod: number
  /** The oid of the domain, if the type is a domain. `oid`, `name` and `typmod` then describe its base type. */
  readonly domain?: number
}

/** A decimal number: `unscaled / 10^scale`, where the scale is the number of digits shown after the point. */
export class Numeric {
  readonly unscaled: bigint
  readonly scale: number
  readonly special: NumericSpecial | undefined

  constructor(unscaled: bigint, scale: number, special?: NumericSpecial) {
    this.unscaled = unscaled
    this.scale = scale
    this.special = special
  }
}

export type NumericSpecial = 'NaN' | 'Infinity' | '-Infinity'

/**
 * An interval of months, days and microseconds, which are not converted into each other: a month has no fixed number of
 * days, a day no fixed number of hours.
 */
export class Interval {
  readonly months: number
  readonly days: number
  readonly micros: bigint

  constructor(months: number, days: number, micros: bigint) {
    this.months = months
    this.days = days
    this.micros = micros
  }
}

/** An array of one or more dimensions, in row-major order. An empty array has no dimensions. */
export class SqlArray {
  readonly elementOid: number
  readonly dimensions: readonly number[]
  readonly lowerBounds: readonly number[]
  readonly elements: readonly SqlValue[]

  constructor(
    elementOid: number,
    elements: readonly SqlValue[],
    dimensions: readonly number[] = elements.length === 0 ? [] : [elements.length],
    lowerBounds: readonly number[] = dimensions.map(() => 1),
  ) {
    this.elementOid = elementOid
    this.elements = elements
    this.dimensions = dimensions
    this.lowerBounds = lowerBounds
  }
}

/** A range in its canonical form. A null bound means unbounded. */
export class SqlRange {
  readonly empty: boolean
  readonly lower: SqlValue
  readonly lowerInclusive: boolean
  readonly upper: SqlValue
  readonly upperInclusive: boolean

  constructor(empty: boolean, lower: SqlValue, lowerInclusive: boolean, upper: SqlValue, upperInclusive: boolean) {
    this.empty = empty
    this.lower = lower
    this.lowerInclusive = lowerInclusive
    this.upper = upper
    this.upperInclusive = upperInclusive
  }
}

export class SqlRecord {
  readonly columns: readonly RecordColumn[]
  readonly values: readonly SqlValue[]

  constructor(columns: readonly RecordColumn[], values: readonly SqlValue[]) {
    this.columns = columns
    this.values = values
  }
}

export interface RecordColumn {
  readonly name: string
  readonly type: SqlType
}

/** A parsed document: the keys of its objects are unique and in jsonb's order (shorter first, then by bytes). */
export class Jsonb {
  readonly value: JsonValue

  constructor(value: JsonValue) {
    this.value = value
  }
}

export type JsonValue = null | boolean | string | Numeric | readonly JsonValue[] | ReadonlyMap<string, JsonValue>

export type Rows = readonly (readonly SqlValue[])[]
