import type { Json } from '@chaosproxy/history'
import { formOf, isList } from '../forms/form-of.ts'
import { findPlace } from '../places/place-of.ts'
import { isIgnored, operationsOf, type RouteTable, type ValueSpec } from '../table/route-table.ts'
import { shortText } from './body-value.ts'
import { sourcesOf, withoutAnswer } from './value-source.ts'

/** Converts values of a table to their recorded form. */
export type Normalize = (value: Json) => Json

/**
 * Returns the conversion of a table's values. Some places hold only text, and cannot distinguish the number 5 from the
 * text "5". If the table uses such a place, both are recorded as the number. If it uses the place `body`, long texts of
 * all places are recorded as hashes.
 */
export function normalizationOf({ routes }: Pick<RouteTable, 'routes'>): Normalize {
  const operations = routes.flatMap((route) => (isIgnored(route) ? [] : operationsOf(route)))
  // A register joins appended texts: "1" and "2" become "12".
  const joinsTexts = operations.some(({ f }) => f === 'append')
  const hasText = operations.some(({ value, result }) => isTextual(value) || isTextual(result))
  if (!hasText || joinsTexts) return (value) => value
  const hasBody = operations.some(({ value, result }) => [...sourcesOf(value), ...sourcesOf(result)].some(isBody))
  return hasBody ? (value) => withNumbers(typeof value === 'string' ? shortText(value) : value) : withNumbers
}

const isBody = (source: string): boolean => withoutAnswer(source) === 'body'

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

/** Returns the number in a text, if JSON prints it in exactly this form: not "05" or "1e3". */
function numberIn(text: string): number | undefined {
  if (!/^-?\d/.test(text)) return undefined
  const number = Number(text)
  return String(number) === text && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : undefined
}
