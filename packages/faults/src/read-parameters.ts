import { UserError } from '@chaos/history'
import type { FaultParameter } from './harm-table.ts'

/**
 * The parameters among the members of an object from outside. What is left out takes its default; what is unknown is
 * refused, unless it is one of those that stand beside them.
 *
 * @throws UserError (input)
 */
export function readParameters(
  parameters: readonly FaultParameter[],
  members: { readonly [name: string]: unknown },
  where: string,
  beside: readonly string[] = [],
): { readonly [name: string]: unknown } {
  const unknown = Object.keys(members).find(
    (name) => !beside.includes(name) && !parameters.some((parameter) => parameter.name === name),
  )
  if (unknown !== undefined) throw unknownParameter(unknown, where, parameters)
  const read = parameters.map((parameter) => [parameter.name, readParameter(parameter, members, where)])
  return Object.fromEntries(read.filter(([, given]) => given !== undefined))
}

function readParameter(
  parameter: FaultParameter,
  members: { readonly [name: string]: unknown },
  where: string,
): unknown {
  const { name, unit, values } = parameter
  const value = members[name]
  if (value === undefined || (value === null && unit !== 'json')) {
    if (parameter.default !== undefined || parameter.optional === true) return parameter.default
    throw new UserError('input', `${where} needs "${name}"${inUnits(unit)}: ${parameter.summary}.`)
  }
  const expected = rangeOf(parameter)
  if (isWithin(parameter, value)) return value
  throw new UserError(
    'input',
    `${where}: "${name}" is ${quote(value)}. Give ${values === undefined ? expected : `one of ${values.join(', ')}`}.`,
  )
}

function isWithin({ unit, values, least = 0, most = Infinity }: FaultParameter, value: unknown): boolean {
  if (unit === 'json') return true
  if (unit === 'flag') return typeof value === 'boolean'
  if (unit === 'text')
    return typeof value === 'string' && (values === undefined ? value !== '' : values.includes(value))
  if (typeof value !== 'number' || !(value >= least)) return false
  if (value > most) return false
  if (unit === 'probability') return value <= 1
  return unit === 'bytes' || unit === 'count' ? Number.isSafeInteger(value) : value <= Number.MAX_SAFE_INTEGER
}

function rangeOf({ unit, least = 0, most }: FaultParameter): string {
  if (unit === 'json') return 'any JSON value'
  if (unit === 'flag') return 'true or false'
  if (unit === 'text') return 'a text'
  if (unit === 'probability') return 'a probability from 0 to 1'
  const whole = unit === 'bytes' || unit === 'count'
  return `a ${whole ? 'whole ' : ''}number${inUnits(unit)}, ${most === undefined ? `at least ${least}` : `${least} to ${most}`}`
}

const inUnits = (unit: FaultParameter['unit']): string =>
  unit === 'ms' ? ' of milliseconds' : unit === 'bytes' ? ' of bytes' : unit === 'bytes/s' ? ' of bytes per second' : ''

function unknownParameter(name: string, where: string, known: readonly FaultParameter[]): UserError {
  const names = known.length === 0 ? 'none' : known.map((parameter) => parameter.name).join(', ')
  return new UserError('input', `${where} has no parameter ${quote(name)}. It has: ${names}.`)
}

/** @throws UserError (input) */
export function readObject(value: unknown, where: string): { readonly [name: string]: unknown } {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new UserError('input', `${where}: ${quote(value)} is no object.`)
  return value as { readonly [name: string]: unknown }
}

/** Messages quote what was sent, but not a megabyte of it. */
export function quote(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}
