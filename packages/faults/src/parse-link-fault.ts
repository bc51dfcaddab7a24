import { UserError } from '@chaos/history'
import type { Link } from './fault.ts'
import { geographies } from './geography.ts'
import { linkHarms, triggerParameters } from './harm-table.ts'
import type { LinkFault, LinkHarm, LinkTrigger } from './link-fault.ts'
import { quote, readObject, readParameters } from './read-parameters.ts'

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
  const links = parseLinks(members['links'], where)
  const harm = parseLinkHarm(members, where)
  const when = parseTrigger(members['when'], where)
  return { ...harm, links, ...(when === undefined ? {} : { when }) }
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
  const given = kind === 'latency' ? withLatencyOf(members, `${where}: ${kind}`) : members
  const { geography, ...read } = readParameters(parameters, given, `${where}: ${kind}`, BESIDE)
  // The table names, for each kind, just the members its type has, and for latencies what stands for one.
  return { kind, ...read } as LinkHarm
}

/** A latency that is given by two places becomes its number: one way, which is half the round trip. */
function withLatencyOf(
  members: { readonly [name: string]: unknown },
  where: string,
): { readonly [name: string]: unknown } {
  const { geography } = members
  if (geography === undefined) return members
  const place = geographies.find(({ name }) => name === geography)
  if (place === undefined)
    throw new UserError(
      'input',
      `${where}: "geography" is ${quote(geography)}. Give one of ${geographies.map(({ name }) => name).join(', ')}.`,
    )
  if (members['latencyMs'] !== undefined)
    throw new UserError('input', `${where}: "latencyMs" and "geography" both say how late bytes are. Give one of them.`)
  return { ...members, latencyMs: place.roundTripMs / 2 }
}

/** @throws UserError (input) */
export function parseTrigger(value: unknown, where: string): LinkTrigger | undefined {
  if (value === undefined || value === null) return undefined
  return readParameters(triggerParameters, readObject(value, `${where}: "when"`), `${where}: "when"`) as LinkTrigger
}

/** @throws UserError (input) */
export function parseLinks(value: unknown, where: string): Link[] {
  if (Array.isArray(value) && value.length > 0) return value.map((link) => parseLink(link, where))
  throw new UserError('input', `${where}: "links" must be a list of links, such as ["clients>n1"].`)
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
