import type { Json } from '@chaosproxy/history'
import { formOf, isList } from '../forms/form-of.ts'
import { findPlace } from '../places/place-of.ts'
import { isIgnored, operationsOf, type RouteTable, type ValueSpec } from '../table/route-table.ts'
import { withoutAnswer } from './value-source.ts'

/** Converts the values of one table to their recorded form. */
export type Normalize = (value: Json) => Json

/**
 * Returns the conversion of a table's values to their recorded form. A place that holds a text cannot distinguish the
 * number 5 from the text "5", and a service may store it as either. If any value of the table comes from such a place,
 * both are recorded as the number.
 */
export function normalizationOf({ routes }: Pick<RouteTable, 'routes'>): Normalize {
  const operations = routes.flatMap((route) => (isIgnored(route) ? [] : operationsOf(route)))
  // A register concatenates texts that are appended to it: "1" and "2" become "12".
  const joinsTexts = operations.some(({ f }) => f === 'append')
  const hasText = operations.some(({ value, result }) => isTextual(value) || isTextual(result))
  return hasText && !joinsTexts ? withNumbers : (value) => value
}

function isTextual(spec: ValueSpec | undefined): boolean {
  if (spec === undefined) return false
  if (typeof spec === 'string') return spec === 'name' || findPlace(withoutAnswer(spec))?.holds === 'text'
  if (isList(spec)) return spec.some(isTextual)
  const form = formOf(spec)
  return form.isText === true || form.parts(spec).some(isTextual)
}

function withNumbers(value: Json): Json {
  if (typeof value === 'string') return numberIn(value) ?? value
  if (value === null || typeof value !== 'object') return value
  if (isArray(value)) return value.map(withNumbers)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withNumbers(member)]))
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)

/**
 * Returns the number that a text contains, if JavaScript and JSON print the number in exactly this form. Undefined for
 * "05" and "1e3", and for a number that would be rounded.
 */
function numberIn(text: string): number | undefined {
  if (!/^-?\d/.test(text)) return undefined
  const number = Number(text)
  return String(number) === text && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : undefined
}
