import { didYouMean, inputError, type UserError } from '@chaosproxy/history'
import * as v from 'valibot'
import { type Parameter, type Parameters, parametersOf, type ValuesOf } from './parameter.ts'

export type Members = { readonly [name: string]: unknown }

/**
 * Reads the parameters of an object. Unknown members are refused, except those in `beside`.
 *
 * @throws UserError (input)
 */
export function readParameters<Entries extends Parameters>(
  entries: Entries,
  members: Members,
  where: string,
  beside: readonly string[] = [],
): ValuesOf<Entries> {
  const parameters = parametersOf(entries)
  const find = (name: string) => parameters.find((parameter) => parameter.name === name)
  const unknown = Object.keys(members).find((name) => !beside.includes(name) && find(name) === undefined)
  if (unknown !== undefined) throw unknownParameter(unknown, where, parameters)
  const given = Object.entries(members).filter(([name, value]) => {
    const parameter = find(name)
    // Null means that the member is absent, unless the parameter allows any JSON value.
    return parameter !== undefined && value !== undefined && (value !== null || parameter.unit === 'json')
  })
  const result = v.safeParse(v.object(entries), Object.fromEntries(given))
  if (result.success) return result.output
  const name = String(result.issues[0].path?.[0].key)
  const parameter = find(name)
  if (parameter === undefined) throw new TypeError(`the schema refused "${name}", which is not a parameter`)
  throw misfit(parameter, members[name], where)
}

function misfit(parameter: Parameter, value: unknown, where: string): UserError {
  const { name, unit, summary, values } = parameter
  if (value === undefined || value === null) return inputError(`${where} needs "${name}"${inUnits(unit)}: ${summary}.`)
  const meant = typeof value === 'string' && values !== undefined ? didYouMean(value, values) : ''
  return inputError(
    `${where}: "${name}" is ${quote(value)}. Give ${values === undefined ? rangeOf(parameter) : `one of ${values.join(', ')}`}.${meant}`,
  )
}

function rangeOf({ unit, least = 0, most }: Parameter): string {
  if (unit === 'json') return 'any JSON value'
  if (unit === 'flag') return 'true or false'
  if (unit === 'text') return 'a string'
  if (unit === 'probability') return 'a probability from 0 to 1'
  const whole = unit === 'bytes' || unit === 'count'
  return `a ${whole ? 'whole ' : ''}number${inUnits(unit)}, ${most === undefined ? `at least ${least}` : `${least} to ${most}`}`
}

const inUnits = (unit: Parameter['unit']): string =>
  unit === 'ms' ? ' of milliseconds' : unit === 'bytes' ? ' of bytes' : unit === 'bytes/s' ? ' of bytes per second' : ''

function unknownParameter(name: string, where: string, known: readonly Parameter[]): UserError {
  const names = known.map((parameter) => parameter.name)
  return inputError(
    `${where} has no parameter ${quote(name)}. It has: ${names.join(', ') || 'none'}.${didYouMean(name, names)}`,
  )
}

/** @throws UserError (input) */
export function readObject(value: unknown, where: string): Members {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw inputError(`${where}: ${quote(value)} is not an object.`)
  return value as Members
}

/** Quotes a value for an error message, shortened if long. */
export function quote(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}
