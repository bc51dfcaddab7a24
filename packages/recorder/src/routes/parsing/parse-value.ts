import { quote, readObject } from '@chaosproxy/faults'
import { findForm } from '../forms/form-of.ts'
import { valueForms } from '../forms/registry.ts'
import type { Place } from '../places/place.ts'
import { places } from '../places/registry.ts'
import type { Conditions, Sends, ValueSource, ValueSpec } from '../table/route-table.ts'
import { type Scope, type Written, wrong } from './members.ts'
import { ANSWER_CONDITION, ANSWER_SOURCE, LIST_SOURCE, REQUEST_CONDITION, SOURCE } from './patterns.ts'

export interface ValuePlace extends Scope {
  readonly where: string
  /** Whether places without the prefix `answer.` are in the request or in the response. */
  readonly side: 'request' | 'answer'
}

/** @throws UserError (input) */
export function parseValue(value: unknown, place: ValuePlace): ValueSpec {
  if (Array.isArray(value)) {
    if (value.length === 0) throw wrong(`${place.where} is an empty list. Give the places of its parts.`)
    return value.map((part: unknown) => parseValue(part, place))
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    throw wrong(
      `${place.where} is ${quote(value)}. Write {"const": ${quote(value)}} for that value, or a place such as "json.value".`,
    )
  if (typeof value !== 'object') return parseSource(value, place)
  const members = value as Written
  const form = findForm(members)
  if (form !== undefined)
    return form.parse(members, {
      where: place.where,
      value: (part, where) => parseValue(part, { ...place, where }),
      place: (part, where) => parseSource(part, { ...place, where }),
    })
  throw wrong(
    `${place.where} is ${quote(value)}. Give a place ("json.value"), ${valueForms.map(({ example }) => example).join(', ')} or a list of these.`,
  )
}

function parseSource(value: unknown, place: ValuePlace): ValueSource {
  const { where, names, side, hasItem } = place
  const pattern = side === 'request' ? SOURCE : ANSWER_SOURCE
  if (typeof value !== 'string' || !pattern.test(value))
    throw wrong(`${where} is ${quote(value)}. ${remedyFor(value, side)}`)
  const [kind, name = ''] = value.split('.')
  if (kind === 'path' && !names.includes(name))
    throw wrong(`${where} is ${quote(value)}, and the path has no {${name}}.`)
  if ((kind === 'item' || value === 'name') && !hasItem)
    throw wrong(`${where} is ${quote(value)}, but the operation has no list. Name the list with "each".`)
  return value
}

function remedyFor(value: unknown, side: ValuePlace['side']): string {
  const brackets = typeof value === 'string' ? /^((answer\.)?json[^[]*)\[(\w+)\](.*)$/.exec(value) : null
  if (brackets !== null)
    return `Elements are named by their position after a dot: "${brackets[1]}.${brackets[3]}${brackets[4]}".`
  const ofAnswer = examplesOf(places.filter(({ inAnswers }) => inAnswers))
  return side === 'request'
    ? `Give a place: ${examplesOf(places).join(', ')}; of the answer: ${ofAnswer.map((place) => `answer.${place}`).join(', ')}.`
    : `An answer has: ${ofAnswer.join(', ')}.`
}

const examplesOf = (some: readonly Place[]): readonly string[] => some.flatMap(({ examples }) => examples)

/** @throws UserError (input) */
export function parseList(value: unknown, where: string): ValueSource {
  if (typeof value === 'string' && LIST_SOURCE.test(value)) return value
  throw wrong(
    `${where} is ${quote(value)}. Give the place of a list: "json.items" or, of the answer, "answer.json.items".`,
  )
}

/** @throws UserError (input) */
export function parseConditions(value: unknown, place: Pick<ValuePlace, 'where' | 'side' | 'names'>): Conditions {
  const conditions = readObject(value, place.where)
  const sources = Object.keys(conditions)
  if (sources.length === 0) throw wrong(`${place.where} is empty. Give a place and its value: {"json.op": "set"}.`)
  const pattern = place.side === 'request' ? REQUEST_CONDITION : ANSWER_CONDITION
  for (const source of sources) {
    if (!pattern.test(source))
      throw wrong(`${place.where}: ${quote(source)} is not a place. ${remedyFor(source, place.side)}`)
    const [kind, name = ''] = source.split('.')
    if (kind === 'path' && !place.names.includes(name))
      throw wrong(`${place.where}: ${quote(source)}: the path has no {${name}}.`)
  }
  return conditions as Conditions
}

/**
 * Parses the additional contents of made requests.
 *
 * @throws UserError (input)
 */
export function parseSends(value: unknown, { where, names }: Pick<ValuePlace, 'where' | 'names'>): Sends {
  const sends = readObject(value, where)
  if (Object.keys(sends).length === 0)
    throw wrong(`${where} is empty. Give a place and what to send there: {"header.Authorization": "Bearer …"}.`)
  for (const place of Object.keys(sends)) {
    if (!REQUEST_CONDITION.test(place))
      throw wrong(`${where}: ${quote(place)} is not a place. ${remedyFor(place, 'request')}`)
    const [kind, name = ''] = place.split('.')
    if (kind === 'path' && !names.includes(name)) throw wrong(`${where}: ${quote(place)}: the path has no {${name}}.`)
  }
  return sends as Sends
}
