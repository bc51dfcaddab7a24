import { UserError } from '@chaos/history'
import type { Link } from './fault.ts'
import { type FaultParameter, linkHarms, triggerParameters } from './harm-table.ts'
import type { LinkFault, LinkHarm, LinkTrigger } from './link-fault.ts'

const isHarmKind = (kind: string): kind is LinkHarm['kind'] => Object.hasOwn(linkHarms, kind)

/** Members that stand beside the parameters of a fault. */
const BESIDE = ['kind', 'links', 'when']

/**
 * Reads a fault from outside (a file, a request): `{"kind":"latency","latencyMs":50,"links":["n1>n2"],"when":{…}}`.
 * What is left out takes the default of the table; nothing unknown is let through, since a misspelt parameter would
 * silently hurt nobody.
 *
 * @param where begins every message: the file or route, and the place in it.
 * @throws UserError (input)
 */
export function parseLinkFault(value: unknown, where: string): LinkFault {
  const members = readObject(value, where)
  const { links } = members
  if (!Array.isArray(links) || links.length === 0)
    throw new UserError('input', `${where}: "links" must be a list of links, such as ["clients>n1"].`)
  const harm = parseLinkHarm(members, where)
  const when = parseTrigger(members['when'], where)
  return { ...harm, links: links.map((link) => parseLink(link, where)), ...(when === undefined ? {} : { when }) }
}

/** The kind and its parameters alone; see `parseLinkFault`. */
export function parseLinkHarm(value: unknown, where: string): LinkHarm {
  const members = readObject(value, where)
  const kind = members['kind']
  if (typeof kind !== 'string' || !isHarmKind(kind))
    throw new UserError(
      'input',
      `${where}: ${kind === undefined ? '"kind" is missing' : `there is no fault ${quote(kind)}`}. Known: ${Object.keys(linkHarms).join(', ')}.`,
    )
  const { parameters } = linkHarms[kind]
  const unknown = Object.keys(members).find(
    (name) => !BESIDE.includes(name) && !parameters.some((p) => p.name === name),
  )
  if (unknown !== undefined) throw unknownParameter(unknown, `${where}: ${kind}`, parameters)
  const read = parameters.map((parameter) => [parameter.name, readParameter(parameter, members, `${where}: ${kind}`)])
  // The table names, for each kind, just the members its type has.
  return { kind, ...Object.fromEntries(read.filter(([, given]) => given !== undefined)) } as LinkHarm
}

/** @throws UserError (input) */
export function parseTrigger(value: unknown, where: string): LinkTrigger | undefined {
  if (value === undefined || value === null) return undefined
  const members = readObject(value, `${where}: "when"`)
  const unknown = Object.keys(members).find((name) => !triggerParameters.some((p) => p.name === name))
  if (unknown !== undefined) throw unknownParameter(unknown, `${where}: "when"`, triggerParameters)
  const read = triggerParameters.map((parameter) => [
    parameter.name,
    readParameter(parameter, members, `${where}: "when"`),
  ])
  return Object.fromEntries(read.filter(([, given]) => given !== undefined)) as LinkTrigger
}

/** `n1>n2`, or `{"from":"n1","to":"n2"}`. @throws UserError (input) */
export function parseLink(value: unknown, where: string): Link {
  const ends = typeof value === 'string' ? value.split('>') : linkMembers(value)
  const [from, to] = ends
  if (ends.length !== 2 || typeof from !== 'string' || typeof to !== 'string' || from === '' || to === '')
    throw new UserError('input', `${where}: ${quote(value)} is no link. Write one as "n1>n2", one direction each.`)
  return { from, to }
}

const linkMembers = (value: unknown): unknown[] =>
  value !== null && typeof value === 'object' && 'from' in value && 'to' in value ? [value.from, value.to] : []

function readParameter(
  parameter: FaultParameter,
  members: { readonly [name: string]: unknown },
  where: string,
): unknown {
  const { name, unit, values } = parameter
  const value = members[name]
  if (value === undefined || value === null) {
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

function isWithin({ unit, values, least = 0 }: FaultParameter, value: unknown): boolean {
  if (unit === 'flag') return typeof value === 'boolean'
  if (unit === 'text')
    return typeof value === 'string' && (values === undefined ? value !== '' : values.includes(value))
  if (typeof value !== 'number' || !(value >= least)) return false
  if (unit === 'probability') return value <= 1
  return unit === 'bytes' || unit === 'count' ? Number.isSafeInteger(value) : value <= Number.MAX_SAFE_INTEGER
}

function rangeOf({ unit, least = 0 }: FaultParameter): string {
  if (unit === 'flag') return 'true or false'
  if (unit === 'text') return 'a text'
  if (unit === 'probability') return 'a probability from 0 to 1'
  const whole = unit === 'bytes' || unit === 'count'
  return `a ${whole ? 'whole ' : ''}number${inUnits(unit)}, at least ${least}`
}

const inUnits = (unit: FaultParameter['unit']): string =>
  unit === 'ms' ? ' of milliseconds' : unit === 'bytes' ? ' of bytes' : unit === 'bytes/s' ? ' of bytes per second' : ''

function unknownParameter(name: string, where: string, known: readonly FaultParameter[]): UserError {
  const names = known.length === 0 ? 'none' : known.map((parameter) => parameter.name).join(', ')
  return new UserError('input', `${where} has no parameter ${quote(name)}. It has: ${names}.`)
}

function readObject(value: unknown, where: string): { readonly [name: string]: unknown } {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new UserError('input', `${where}: ${quote(value)} is no object.`)
  return value as { readonly [name: string]: unknown }
}

/** Messages quote what was sent, but not a megabyte of it. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}
