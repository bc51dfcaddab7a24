import { NotSupported } from '../sql/error.ts'
import type { TextContext } from '../types/registry.ts'
import { lowerText } from '../types/text.ts'
import { caselessAmong } from '../types/types.ts'
import { Numeric, SqlRange, SqlRecord, type SqlType, type SqlValue } from '../types/value.ts'

const BPCHAR = 1042
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 1700])
const TEXTS: ReadonlySet<number> = new Set([25, 1043, 19])

/** Whether equal values of the two types have equal key texts. */
export function sameKeys(a: SqlType, b: SqlType): boolean {
  return a.oid === b.oid || (NUMBERS.has(a.oid) && NUMBERS.has(b.oid)) || (TEXTS.has(a.oid) && TEXTS.has(b.oid))
}

/** Returns a text that is equal for two values if and only if the values are equal. */
export function keyText(value: SqlValue, type: SqlType, context: TextContext): string {
  switch (typeof value) {
    case 'string':
      if (type.oid === BPCHAR) return value.replace(/ +$/, '')
      return caselessAmong(context.types, [type.oid]) === undefined ? value : lowerText(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'number':
      return value === 0 ? '0' : String(value)
    case 'object':
      if (value === null) return '\u0000'
      if (value instanceof Numeric) return numericKey(value)
      if (value instanceof SqlRange) return rangeKey(value, type, context)
      return foldedOutput(value, type, context)
  }
}

function foldedOutput(value: object & SqlValue, type: SqlType, context: TextContext): string {
  const { output, elementOid } = context.types.typeOf(type.oid)
  if (
    value instanceof SqlRecord &&
    caselessAmong(
      context.types,
      value.columns.map((each) => each.type.oid),
    ) !== undefined
  )
    throw new NotSupported('a comparison of rows that contain a citext')
  const text = output(value, context)
  return caselessAmong(context.types, [elementOid]) === undefined ? text : lowerText(text)
}

/**
 * Returns the key of a range, which consists of the keys of its bounds. The bounds are numbers, dates or timestamps.
 * Keys of such values do not depend on their type.
 */
function rangeKey(
  { empty, lower, lowerInclusive, upper, upperInclusive }: SqlRange,
  type: SqlType,
  context: TextContext,
): string {
  if (empty) return 'empty'
  return joinKeys([
    ...[lower, upper].map((value) => keyText(value, type, context)),
    `${lowerInclusive}${upperInclusive}`,
  ])
}

function numericKey(value: Numeric): string {
  if (value.special !== undefined) return value.special
  let { unscaled, scale } = value
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n
    scale--
  }
  return scale === 0 ? String(unscaled) : `${unscaled}e-${scale}`
}

/**
 * Joins the keys of values. A single key stays as it is. Otherwise, each key follows its length, so that `('a', 'bc')`
 * and `('ab', 'c')` differ.
 */
export function joinKeys(texts: readonly string[]): string {
  const [first] = texts
  if (texts.length === 1 && first !== undefined) return first
  return texts.map((text) => `${text.length}:${text}`).join('')
}
