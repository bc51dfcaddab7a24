import { count as grouped, type Millis, millis, nearest, printable } from '@chaosproxy/history'
import * as v from 'valibot'

/**
 * Returns one sentence for each problem that a schema found. `where`: the name of a file, with which each sentence
 * begins. `what`: the words for the whole object, such as `a run`. The schema's own messages say what a member must be:
 * `must be a name`.
 */
export function schemaProblems(
  schema: v.GenericSchema<unknown, unknown>,
  issues: readonly v.BaseIssue<unknown>[],
  { where, what }: { readonly where: string; readonly what: string },
): string[] {
  return [...new Set(issues.map((issue) => `${where}: ${printable(problemOf(schema, issue, what))}`))]
}

const OBJECTS: readonly string[] = ['strict_object', 'loose_object', 'object']

function problemOf(schema: unknown, issue: v.BaseIssue<unknown>, what: string): string {
  const path = (issue.path ?? []).map(({ key }) => key)
  const name = nameOf(path)
  if (!OBJECTS.includes(issue.type)) return `${name} ${issue.message}, not ${received(issue)}.`
  if (issue.expected === 'Object')
    return `${name === '' ? what : name} ${issue.message.startsWith('must') ? issue.message : 'must be an object'}, not ${received(issue)}.`
  if (issue.expected !== 'never') return `${name} is missing.`
  const known = membersAt(schema, path.slice(0, -1).map(String))
  const meant = nearest(String(path.at(-1)), known)
  return `there is no member ${name}.${meant === undefined ? ` Known: ${known.join(', ')}.` : ` Did you mean ${meant}?`}`
}

/** For example `nodes[2].command`. */
const nameOf = (path: readonly unknown[]): string =>
  path
    .map(String)
    .reduce((text, key) => (/^\d+$/.test(key) ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`), '')

function received({ input }: v.BaseIssue<unknown>): string {
  const text = input === undefined ? 'nothing' : (JSON.stringify(input) ?? String(input))
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** Returns the members that an object schema allows at a path, in any variant. */
export function membersAt(schema: unknown, path: readonly string[]): string[] {
  let schemas = choicesOf(schema)
  for (const key of path) schemas = schemas.flatMap((each) => choicesOf(innerOf(each, key)))
  return [...new Set(schemas.flatMap((each) => Object.keys(entriesOf(each) ?? {})))]
}

function innerOf(schema: unknown, key: string): unknown {
  const entries = entriesOf(schema)
  if (entries !== undefined) return entries[key]
  if (!isObject(schema)) return undefined
  return schema['item'] ?? schema['value']
}

function choicesOf(schema: unknown): unknown[] {
  const inner = unwrapped(schema)
  const options = isObject(inner) ? inner['options'] : undefined
  return Array.isArray(options) ? options.flatMap(choicesOf) : [inner]
}

export function entriesOf(schema: unknown): { readonly [key: string]: unknown } | undefined {
  const inner = unwrapped(schema)
  return isObject(inner) && isObject(inner['entries']) ? inner['entries'] : undefined
}

/** Returns the schema without its `optional` wrapper. */
export function unwrapped(schema: unknown): unknown {
  if (!isObject(schema)) return schema
  if (typeof schema['getter'] === 'function') return unwrapped(schema['getter'](undefined))
  return 'wrapped' in schema ? unwrapped(schema['wrapped']) : schema
}

export const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null

/** Returns a schema for a whole number within bounds. The text describes the number in the help and in JSON Schemas. */
export function count(text: string, min: number, max: number): v.GenericSchema<unknown, number> {
  const range = `must be a whole number from ${grouped(min)} to ${grouped(max)}`
  return v.pipe(v.number(range), v.integer(range), v.minValue(min, range), v.maxValue(max, range), v.description(text))
}

/** Returns a schema for a number of milliseconds within bounds. */
export function duration(text: string, min: number, max: number): v.GenericSchema<unknown, Millis> {
  const range = `must be a number of milliseconds from ${min} to ${max}`
  return v.pipe(
    v.number(range),
    v.minValue(min, range),
    v.maxValue(max, range),
    v.transform((value): Millis => millis(value)),
    v.description(text),
  )
}
