import { SqlError } from '../sql/error.ts'
import { asString } from '../types/definitions.ts'
import {
  asRange,
  boundOrder,
  compareEdges,
  compareRanges,
  type Edge,
  EMPTY_RANGE,
  lowerEdge,
  makeRange,
  subtypeOf,
  upperEdge,
} from '../types/range.ts'
import type { SqlRange, SqlValue } from '../types/value.ts'
import { type Builtin, type Builtins, type CallTypes, taking } from './builtin.ts'

function rangeOid({ arguments: types }: CallTypes): number {
  return types.find(({ oid }) => subtypeOf(oid) !== undefined)?.oid ?? 0
}

type Order = (a: SqlValue, b: SqlValue) => number

function test(
  holds: (a: SqlRange, b: SqlRange, edges: (a: Edge, b: Edge) => number, order: Order) => boolean,
): Builtin {
  return ([a, b], env, call) => {
    const order = boundOrder(env.session.types, rangeOid(call))
    return holds(asRange(a), asRange(b), (x, y) => compareEdges(x, y, order), order)
  }
}

type Edges = (a: Edge, b: Edge) => number

function contains(a: SqlRange, b: SqlRange, edges: Edges): boolean {
  if (b.empty) return true
  return !a.empty && edges(lowerEdge(a), lowerEdge(b)) <= 0 && edges(upperEdge(a), upperEdge(b)) >= 0
}

function overlap(a: SqlRange, b: SqlRange, edges: Edges): boolean {
  if (a.empty || b.empty) return false
  return edges(lowerEdge(a), upperEdge(b)) <= 0 && edges(lowerEdge(b), upperEdge(a)) <= 0
}

function containsElement(range: SqlRange, value: SqlValue, order: Order): boolean {
  if (range.empty) return false
  const below = range.lower === null ? 1 : order(value, range.lower)
  const above = range.upper === null ? -1 : order(value, range.upper)
  return (below > 0 || (below === 0 && range.lowerInclusive)) && (above < 0 || (above === 0 && range.upperInclusive))
}

const intersection: Builtin = ([x, y], env, call) => {
  const [a, b, oid] = [asRange(x), asRange(y), rangeOid(call)]
  const order = boundOrder(env.session.types, oid)
  const edges: Edges = (left, right) => compareEdges(left, right, order)
  if (!overlap(a, b, edges)) return EMPTY_RANGE
  const lower = edges(lowerEdge(a), lowerEdge(b)) >= 0 ? lowerEdge(a) : lowerEdge(b)
  const upper = edges(upperEdge(a), upperEdge(b)) <= 0 ? upperEdge(a) : upperEdge(b)
  return makeRange(env.session.types, oid, lower, upper)
}

const construct: Builtin = ([lower = null, upper = null, flags = '[)'], env, { result }) => {
  if (flags === null) throw new SqlError('22000', 'range constructor flags argument must not be null')
  const [open, close] = BOUNDS.get(asString(flags)) ?? []
  if (open === undefined || close === undefined)
    throw new SqlError('42601', 'invalid range bound flags', {
      hint: 'Valid values are "[]", "[)", "(]", and "()".',
    })
  return makeRange(env.session.types, result.oid, { value: lower, inclusive: open }, { value: upper, inclusive: close })
}

const BOUNDS: ReadonlyMap<string, readonly [boolean, boolean]> = new Map([
  ['[]', [true, true]],
  ['[)', [true, false]],
  ['(]', [false, true]],
  ['()', [false, false]],
])

export const RANGES: Builtins = {
  range_constructor2: construct,
  range_constructor3: construct,
  ...taking([asRange], {
    range_lower: ({ lower }) => lower,
    range_upper: ({ upper }) => upper,
    range_empty: ({ empty }) => empty,
    range_lower_inc: ({ lowerInclusive }) => lowerInclusive,
    range_upper_inc: ({ upperInclusive }) => upperInclusive,
    range_lower_inf: ({ empty, lower }) => !empty && lower === null,
    range_upper_inf: ({ empty, upper }) => !empty && upper === null,
  }),
  range_eq: test((a, b, _, order) => compareRanges(a, b, order) === 0),
  range_ne: test((a, b, _, order) => compareRanges(a, b, order) !== 0),
  range_contains: test(contains),
  range_contained_by: test((a, b, edges) => contains(b, a, edges)),
  range_contains_elem: ([range, value = null], env, call) =>
    containsElement(asRange(range), value, boundOrder(env.session.types, rangeOid(call))),
  elem_contained_by_range: ([value = null, range], env, call) =>
    containsElement(asRange(range), value, boundOrder(env.session.types, rangeOid(call))),
  range_overlaps: test(overlap),
  range_intersect: intersection,
}
