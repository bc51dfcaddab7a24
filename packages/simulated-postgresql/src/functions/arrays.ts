import { SqlError } from '../sql/error.ts'
import { compareNullable } from '../types/array.ts'
import { NotComputed } from '../types/calculator.ts'
import { asArray, asNumber, asString } from '../types/definitions.ts'
import { OID } from '../types/oids.ts'
import { SqlArray, type SqlValue } from '../types/value.ts'
import { type Builtin, type Builtins, type CallTypes, taking } from './builtin.ts'
import type { Env } from './session-facts.ts'
import { textOf } from './text.ts'

function flat(array: SqlArray): SqlArray {
  if (array.dimensions.length > 1) {
    throw new SqlError('0A000', 'searching for elements in multidimensional arrays is not supported')
  }
  return array
}

function sameElement(oid: number, env: Env): (a: SqlValue, b: SqlValue) => boolean {
  const { compare } = env.session.types.typeOf(oid)
  if (compare === undefined) throw new SqlError('42883', 'could not identify an equality operator for the element type')
  return (a, b) => compareNullable(a, b, compare) === 0
}

function elementOid(call: CallTypes, env: Env): number {
  return env.session.types.typeOf(call.arguments[0]?.oid ?? OID.any).elementOid
}

function oneMore(array: SqlArray | null, value: SqlValue, oid: number, front: boolean): SqlArray {
  const elements = array?.elements ?? []
  if (array !== null && array.dimensions.length > 1) {
    throw new SqlError('22000', 'argument must be empty or one-dimensional array')
  }
  const lower = array?.lowerBounds[0] ?? 1
  const all = front ? [value, ...elements] : [...elements, value]
  return new SqlArray(oid, all, [all.length], [lower])
}

const append: Builtin = ([array = null, value = null], _env, call) =>
  oneMore(array === null ? null : asArray(array), value, call.arguments[1]?.oid ?? 0, false)

const prepend: Builtin = ([value = null, array = null], _env, call) =>
  oneMore(array === null ? null : asArray(array), value, call.arguments[0]?.oid ?? 0, true)

const concatenate: Builtin = ([left = null, right = null]) => {
  if (left === null || right === null) return left ?? right
  const a = asArray(left)
  const b = asArray(right)
  if (a.elements.length === 0) return b
  if (b.elements.length === 0) return a
  if (a.dimensions.length > 1 || b.dimensions.length > 1) throw new NotComputed('|| of arrays of several dimensions')
  return new SqlArray(a.elementOid, [...a.elements, ...b.elements], undefined, a.lowerBounds)
}

const position: Builtin = ([array = null, wanted = null, from = null], env, call) => {
  if (array === null) return null
  if (from === null && call.arguments.length > 2) throw new SqlError('22004', 'initial position must not be null')
  const { elements, lowerBounds } = flat(asArray(array))
  const same = sameElement(elementOid(call, env), env)
  const first = lowerBounds[0] ?? 1
  const start = call.arguments.length > 2 ? asNumber(from) : first
  for (let i = Math.max(start - first, 0); i < elements.length; i += 1) {
    if (same(elements[i] ?? null, wanted)) return i + first
  }
  return null
}

const remove: Builtin = ([array = null, wanted = null], env, call) => {
  if (array === null) return null
  const { dimensions, lowerBounds, elements, elementOid: oid } = asArray(array)
  if (dimensions.length > 1)
    throw new SqlError('0A000', 'removing elements from multidimensional arrays is not supported')
  const same = sameElement(elementOid(call, env), env)
  const kept = elements.filter((element) => !same(element, wanted))
  return new SqlArray(oid, kept, kept.length === 0 ? [] : [kept.length], kept.length === 0 ? [] : lowerBounds)
}

/** A null element equals no element, not even another null. */
function containsAll(outer: SqlArray, inner: SqlArray, env: Env): boolean {
  const same = sameElement(outer.elementOid, env)
  return inner.elements.every(
    (wanted) => wanted !== null && outer.elements.some((element) => element !== null && same(element, wanted)),
  )
}

function overlap(a: SqlArray, b: SqlArray, env: Env): boolean {
  const same = sameElement(a.elementOid, env)
  return a.elements.some(
    (element) => element !== null && b.elements.some((other) => other !== null && same(element, other)),
  )
}

function joined(array: SqlArray, separator: string, nullText: SqlValue, env: Env): string {
  const parts: string[] = []
  for (const element of array.elements) {
    if (element !== null) parts.push(textOf(element, array.elementOid, env))
    else if (nullText !== null) parts.push(asString(nullText))
  }
  return parts.join(separator)
}

export const ARRAYS: Builtins = {
  array_append: append,
  array_prepend: prepend,
  array_cat: concatenate,
  array_position: position,
  array_position_start: position,
  array_remove: remove,
  ...taking([asArray, asArray], {
    arraycontains: containsAll,
    arraycontained: (a, b, env) => containsAll(b, a, env),
    arrayoverlap: overlap,
  }),
  ...taking([asArray, asNumber], {
    array_length: ({ dimensions }, n) => dimensions[n - 1] ?? null,
    array_upper: ({ dimensions, lowerBounds }, n) => {
      const size = dimensions[n - 1]
      return size === undefined ? null : (lowerBounds[n - 1] ?? 1) + size - 1
    },
    array_lower: ({ lowerBounds }, n) => lowerBounds[n - 1] ?? null,
  }),
  ...taking([asArray], { array_cardinality: ({ elements }) => elements.length }),
  ...taking([asArray, asString], { array_to_text: (a, separator, env) => joined(a, separator, null, env) }),
  array_to_text_null: ([a = null, separator = null, nullText = null], env) =>
    a === null || separator === null ? null : joined(asArray(a), asString(separator), nullText, env),
}
