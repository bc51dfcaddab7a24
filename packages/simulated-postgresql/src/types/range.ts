import { SqlError } from '../sql/error.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { DATE_INFINITY, DATE_MINUS_INFINITY } from './calendar.ts'
import { type Behaviour, behaviour } from './definitions.ts'
import { OID } from './oids.ts'
import type { TextContext, TypeDefinition, Types } from './registry.ts'
import { SqlRange, type SqlValue } from './value.ts'

/** The types of the bounds, by range type. */
export const SUBTYPES: ReadonlyMap<number, number> = new Map([
  [3904, OID.int4],
  [3906, OID.numeric],
  [3908, OID.timestamp],
  [3910, OID.timestamptz],
  [3912, OID.date],
  [3926, OID.int8],
])

export function subtypeOf(oid: number): number | undefined {
  return SUBTYPES.get(oid)
}

export function rangeBehaviours(): ReadonlyMap<number, Behaviour> {
  return new Map([...SUBTYPES].map(([oid, subtype]) => [oid, rangeBehaviour(oid, subtype)]))
}

export function asRange(value: SqlValue | undefined): SqlRange {
  if (value instanceof SqlRange) return value
  throw new TypeError('expected a range')
}

/** A bound of a range. The value null means unbounded. */
export interface Bound {
  readonly value: SqlValue
  readonly inclusive: boolean
}

const EMPTY: SqlRange = new SqlRange(true, null, false, null, false)

/** Returns a range in its canonical form (make_range). Throws 22000 if its bounds are in the wrong order. */
export function makeRange(types: Types, oid: number, lower: Bound, upper: Bound): SqlRange {
  const compare = boundOrder(types, oid)
  const made = (from: Bound, to: Bound): SqlRange => {
    if (from.value !== null && to.value !== null) {
      const order = compare(from.value, to.value)
      if (order > 0) throw new SqlError('22000', 'range lower bound must be less than or equal to range upper bound')
      if (order === 0 && !(from.inclusive && to.inclusive)) return EMPTY
    }
    return new SqlRange(
      false,
      from.value,
      from.value !== null && from.inclusive,
      to.value,
      to.value !== null && to.inclusive,
    )
  }
  const range = made(lower, upper)
  const next = NEXT.get(oid)
  if (next === undefined || range.empty) return range
  const from = range.lower !== null && !range.lowerInclusive ? next(range.lower) : range.lower
  const to = range.upper !== null && range.upperInclusive ? next(range.upper) : range.upper
  // The next value of an infinite date is the date itself. A bound that is an infinite date therefore stays unchanged.
  const fromIncluded = range.lowerInclusive || from !== range.lower
  const toIncluded = range.upperInclusive && to === range.upper
  return made({ value: from, inclusive: fromIncluded }, { value: to, inclusive: toIncluded })
}

/** For each discrete range type, a function that returns the next value. These ranges are stored as `[)`. */
const NEXT: ReadonlyMap<number, (value: SqlValue) => SqlValue> = new Map<number, (value: SqlValue) => SqlValue>([
  [
    3904,
    (value) => {
      if (value === 2_147_483_647) throw new SqlError('22003', 'integer out of range')
      return Number(value) + 1
    },
  ],
  [
    3926,
    (value) => {
      if (value === 9_223_372_036_854_775_807n) throw new SqlError('22003', 'bigint out of range')
      return BigInt(value as bigint) + 1n
    },
  ],
  [
    3912,
    (value) => {
      if (value === DATE_INFINITY || value === DATE_MINUS_INFINITY) return value
      if (Number(value) >= LAST_DATE) throw new SqlError('22008', 'date out of range')
      return Number(value) + 1
    },
  ],
])

/** 5874897-12-31 */
const LAST_DATE = 2_145_031_948

export function boundOrder(types: Types, oid: number): (a: SqlValue, b: SqlValue) => number {
  const compare = types.typeOf(subtypeOf(oid) ?? 0).compare
  if (compare === undefined) throw new TypeError(`the bounds of the range type ${oid} cannot be compared`)
  return compare
}

/** The start or end of a range, for comparisons with other edges (range_cmp_bounds). */
export interface Edge extends Bound {
  readonly isLower: boolean
}

export const lowerEdge = (range: SqlRange): Edge => ({
  value: range.lower,
  inclusive: range.lowerInclusive,
  isLower: true,
})

export const upperEdge = (range: SqlRange): Edge => ({
  value: range.upper,
  inclusive: range.upperInclusive,
  isLower: false,
})

export function compareEdges(a: Edge, b: Edge, compare: (x: SqlValue, y: SqlValue) => number): number {
  if (a.value === null && b.value === null) return a.isLower === b.isLower ? 0 : a.isLower ? -1 : 1
  if (a.value === null) return a.isLower ? -1 : 1
  if (b.value === null) return b.isLower ? 1 : -1
  const order = compare(a.value, b.value)
  if (order !== 0) return order
  if (a.inclusive && b.inclusive) return 0
  if (!a.inclusive && !b.inclusive) return a.isLower === b.isLower ? 0 : a.isLower ? 1 : -1
  if (!a.inclusive) return a.isLower ? 1 : -1
  return b.isLower ? -1 : 1
}

function rangeBehaviour(oid: number, subtype: number): Behaviour {
  const element = (context: TextContext): TypeDefinition => context.types.typeOf(subtype)
  // `compare` is missing here. `rangeOrder` in types.ts provides it.
  return behaviour(asRange, {
    input: (text, context) => parseRange(text, oid, element(context), context),
    output: (value, context) => formatRange(value, element(context), context),
    receive: (bytes, context) => receiveRange(bytes, oid, element(context), context),
    send: (value, context) => sendRange(value, element(context), context),
  })
}

/** Compares ranges: the empty range first, then by lower bound, then by upper bound. */
export function compareRanges(a: SqlRange, b: SqlRange, compare: (x: SqlValue, y: SqlValue) => number): number {
  if (a.empty || b.empty) return a.empty === b.empty ? 0 : a.empty ? -1 : 1
  return compareEdges(lowerEdge(a), lowerEdge(b), compare) || compareEdges(upperEdge(a), upperEdge(b), compare)
}

function formatRange(range: SqlRange, element: TypeDefinition, context: TextContext): string {
  if (range.empty) return 'empty'
  const bound = (value: SqlValue): string => (value === null ? '' : quoteBound(element.output(value, context)))
  const [open, close] = [range.lowerInclusive ? '[' : '(', range.upperInclusive ? ']' : ')']
  return `${open}${bound(range.lower)},${bound(range.upper)}${close}`
}

function quoteBound(text: string): string {
  return text !== '' && !/["\\()[\],\s]/.test(text) ? text : `"${text.replace(/["\\]/g, '$&$&')}"`
}

function parseRange(text: string, oid: number, element: TypeDefinition, context: TextContext): SqlRange {
  const malformed = (detail: string): SqlError =>
    new SqlError('22P02', `malformed range literal: "${text}"`, { detail })
  const trimmed = text.trim()
  if (/^empty$/i.test(trimmed)) return EMPTY
  if (/^empty/i.test(trimmed)) throw malformed('Junk after "empty" key word.')
  const open = trimmed[0]
  if (open !== '[' && open !== '(') throw malformed('Missing left parenthesis or bracket.')
  const lower = readBound(trimmed, 1, malformed)
  if (trimmed[lower.end] !== ',') throw malformed('Missing comma after lower bound.')
  const upper = readBound(trimmed, lower.end + 1, malformed)
  const close = trimmed[upper.end]
  if (close !== ']' && close !== ')')
    throw malformed(close === ',' ? 'Too many commas.' : 'Missing right parenthesis or bracket.')
  if (upper.end + 1 < trimmed.length) throw malformed('Junk after right parenthesis or bracket.')
  const value = (bound: string | null): SqlValue => (bound === null ? null : element.input(bound, context, -1))
  const [from, to] = [value(lower.text), value(upper.text)]
  return makeRange(
    context.types,
    oid,
    { value: from, inclusive: open === '[' },
    { value: to, inclusive: close === ']' },
  )
}

/** Reads the text of a bound, if there is one (range_parse_bound). */
function readBound(
  text: string,
  start: number,
  malformed: (detail: string) => SqlError,
): { readonly text: string | null; readonly end: number } {
  if (/[,)\]]/.test(text[start] ?? '')) return { text: null, end: start }
  let found = ''
  let quoted = false
  let at = start
  for (; quoted || !/[,)\]]/.test(text[at] ?? ''); at++) {
    const character = text[at]
    if (character === undefined) throw malformed('Unexpected end of input.')
    if (character === '\\') {
      at++
      if (text[at] === undefined) throw malformed('Unexpected end of input.')
      found += text[at]
    } else if (character !== '"') found += character
    else if (quoted && text[at + 1] === '"') {
      found += '"'
      at++
    } else quoted = !quoted
  }
  return { text: found, end: at }
}

const FLAGS = { empty: 1, lowerInclusive: 2, upperInclusive: 4, lowerInfinite: 8, upperInfinite: 16 } as const

function sendRange(range: SqlRange, element: TypeDefinition, context: TextContext): Uint8Array {
  const writer = new ByteWriter()
  const flags =
    (range.empty ? FLAGS.empty : 0) |
    (range.lowerInclusive ? FLAGS.lowerInclusive : 0) |
    (range.upperInclusive ? FLAGS.upperInclusive : 0) |
    (!range.empty && range.lower === null ? FLAGS.lowerInfinite : 0) |
    (!range.empty && range.upper === null ? FLAGS.upperInfinite : 0)
  writer.raw(Uint8Array.of(flags))
  for (const bound of [range.lower, range.upper]) if (bound !== null) writer.sized(element.send(bound, context))
  return writer.bytes()
}

function receiveRange(bytes: Uint8Array, oid: number, element: TypeDefinition, context: TextContext): SqlRange {
  const reader = new ByteReader(bytes)
  const flags = reader.int8()
  const has = (flag: number): boolean => (flags & flag) !== 0
  const bound = (infinite: number): SqlValue => {
    if (has(FLAGS.empty) || has(infinite)) return null
    return element.receive(reader.bytes(reader.int32()), context, -1)
  }
  const lower = { value: bound(FLAGS.lowerInfinite), inclusive: has(FLAGS.lowerInclusive) }
  const upper = { value: bound(FLAGS.upperInfinite), inclusive: has(FLAGS.upperInclusive) }
  // `range_recv` itself checks that no bytes are left. Its error code differs from that of the server's check after
  // each parameter (22P03).
  if (reader.rest().length > 0) throw new SqlError('08P01', 'invalid message format')
  return has(FLAGS.empty) ? EMPTY : makeRange(context.types, oid, lower, upper)
}

export { EMPTY as EMPTY_RANGE }
