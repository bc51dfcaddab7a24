import { type FaultFamily, familyOf, type Parameter, parametersOf, trafficFaultKinds } from '@chaosproxy/faults'
import { didYouMean, usageError } from '@chaosproxy/history'
import { namesOf } from '../arguments/names.ts'
import { parseDuration, parseSize } from '../arguments/quantities.ts'

/** A fault as typed, not yet validated by the proxy. */
type FaultBody = { readonly kind: string } & { readonly [member: string]: unknown }

/**
 * Parses typed words such as `latency db latencyMs=50 when.probability=0.5`: a kind of fault, proxies or links, and
 * parameters. Only ambiguous names need `when.` or `match.` before them. `not.path=/health` excludes what it matches.
 *
 * @throws UserError (usage)
 */
export function readFaultWords(words: readonly string[]): FaultBody {
  const [kind = '', ...rest] = words
  const family = familyOf(kind)
  if (family === undefined)
    throw usageError(
      kind === ''
        ? 'Name the kind of the fault: chaos ctl add KIND PROXY [parameter=value …]. chaos ctl kinds lists the kinds.'
        : `There is no fault "${kind}".${didYouMean(kind, trafficFaultKinds)} chaos ctl kinds lists all faults.`,
    )
  const settings = rest.filter((word) => word.includes('='))
  const targets = rest.filter((word) => !word.includes('='))
  return { kind, ...targetsOf(targets, kind), ...readSettings(settings, kind, family) }
}

function targetsOf(targets: readonly string[], kind: string): { readonly [member: string]: readonly string[] } {
  if (targets.length === 0)
    throw usageError(
      `Name the proxy or link that the fault hits: chaos ctl add ${kind} PROXY, or a link such as 'clients>db'.`,
    )
  const links = targets.filter((target) => target.includes('>'))
  if (links.length !== 0 && links.length !== targets.length)
    throw usageError(`${targets.join(' ')}: name proxies or links, not both.`)
  return links.length === 0 ? { proxies: targets } : { links }
}

interface Place {
  /** The part of the fault that has the parameter; undefined for the fault itself. */
  readonly within: 'when' | 'match' | 'not' | undefined
  readonly parameter: Parameter
}

/** Groups the parameters on the command line by the part of the fault that has them. @throws UserError (usage) */
export function readSettings(
  settings: readonly string[],
  kind: string,
  family: FaultFamily,
): { readonly [member: string]: unknown } {
  const own: { [name: string]: unknown } = {}
  const within: { [section: string]: { [name: string]: unknown } } = {}
  for (const setting of settings) {
    const at = setting.indexOf('=')
    const place = placeOf(setting.slice(0, at), kind, family)
    const value = readValue(place.parameter, setting.slice(at + 1))
    if (place.within === undefined) own[place.parameter.name] = value
    else within[place.within] = { ...within[place.within], [place.parameter.name]: value }
  }
  const { not, ...sections } = within
  return { ...own, ...sections, ...(not && { match: { ...sections['match'], not } }) }
}

function placeOf(typed: string, kind: string, family: FaultFamily): Place {
  const definition = family.kinds.find((candidate) => candidate.kind === kind)
  const own = parametersOf({ ...definition?.parameters, ...definition?.shorthands })
  const places: readonly Place[] = [
    ...own.map((parameter) => ({ within: undefined, parameter })),
    ...parametersOf(family.match).map((parameter) => ({ within: 'match' as const, parameter })),
    ...parametersOf(family.when).map((parameter) => ({ within: 'when' as const, parameter })),
  ]
  const excluded = parametersOf(family.match).find(({ name }) => name !== 'not' && typed === `not.${name}`)
  if (excluded !== undefined) return { within: 'not', parameter: excluded }
  const found =
    places.find(({ parameter }) => parameter.name === typed) ??
    places.find(({ within, parameter }) => within !== undefined && `${within}.${parameter.name}` === typed)
  if (found !== undefined) return found
  const known = places.map(({ parameter }) => parameter.name)
  throw usageError(
    `${kind} has no parameter "${typed}".${didYouMean(typed, known)} It has: ${namesOf(own).join(', ') || 'none of its own'}; every fault has: ${[...new Set(places.slice(own.length).map(({ parameter }) => parameter.name))].join(', ')}.`,
  )
}

/** Parses a typed value; the proxy checks its range. */
function readValue({ name, unit }: Parameter, text: string): unknown {
  if (unit === 'text') return text
  if (unit === 'flag') return text === 'true' ? true : text === 'false' ? false : text
  if (unit === 'json') return jsonOrText(text)
  if (text !== '' && Number.isFinite(Number(text))) return Number(text)
  if (unit === 'ms') return parseDuration(name, text)
  if (unit === 'bytes' || unit === 'bytes/s') return parseSize(name, text.replace(/\/s$/, ''))
  if (unit === 'probability' && /^\d+(\.\d+)?%$/.test(text)) return Number(text.slice(0, -1)) / 100
  throw usageError(`${name} must be a number, not ${text}.`)
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
