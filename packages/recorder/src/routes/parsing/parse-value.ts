import { quote, readObject } from '@chaosproxy/faults'
import { inputError } from '@chaosproxy/history'
import type { Members } from '../../record/settings.ts'
import { findForm } from '../forms/form-of.ts'
import { valueForms } from '../forms/registry.ts'
import type { Place } from '../places/place.ts'
import { places } from '../places/registry.ts'
import type { Conditions, Sends, ValueSource, ValueSpec } from '../table/route-table.ts'
import type { Scope } from './members.ts'
import { ANSWER_CONDITION, ANSWER_SOURCE, fits, REQUEST_CONDITION, SOURCE } from './patterns.ts'

export interface ValuePlace extends Scope {
  readonly where: string
  /** The message that contains the places without the prefix `answer.`: the request or its response. */
  readonly side: 'request' | 'answer'
}

/** @throws UserError (input) */
export function parseValue(value: unknown, place: ValuePlace): ValueSpec {
  if (Array.isArray(value)) {
    if (value.length === 0)
      throw inputError(`${place.where} is an empty list. List at least one place, such as "json.value".`)
    return value.map((part: unknown) => parseValue(part, place))
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    throw inputError(
      `${place.where} is ${quote(value)}. Write {"const": ${quote(value)}} for that value, or a place such as "json.value".`,
    )
  if (typeof value !== 'object') return parseSource(value, place)
  const members = value as Members
  const form = findForm(members)
  if (form !== undefined)
    return form.parse(members, {
      where: place.where,
      value: (part, where) => parseValue(part, { ...place, where }),
      place: (part, where) => parseSource(part, { ...place, where }),
    })
  throw inputError(
    `${place.where} is ${quote(value)}. Give a place ("json.value"), ${valueForms.map(({ example }) => example).join(', ')} or a list of these.`,
  )
}

function parseSource(value: unknown, place: ValuePlace): ValueSource {
  const { where, names, side, hasItem } = place
  const pattern = side === 'request' ? SOURCE : ANSWER_SOURCE
  if (!fits(pattern)(value))
    throw inputError(`${where} is ${quote(value)}. ${remedyFor(value, side === 'request' ? 'either' : side)}`)
  const [kind, name = ''] = value.split('.')
  if (kind === 'path' && !names.includes(name))
    throw inputError(`${where} is ${quote(value)}, and the path has no {${name}}.`)
  if ((kind === 'item' || value === 'name') && !hasItem)
    throw inputError(`${where} is ${quote(value)}, but there is no list of items. Name the list with "each".`)
  return value
}

/**
 * Returns the advice to name an existing place. `either` means a place in the request, or a place in its answer, which
 * is written with the prefix `answer.`.
 */
function remedyFor(value: unknown, side: ValuePlace['side'] | 'either'): string {
  const brackets = typeof value === 'string' ? /^((answer\.)?json[^[]*)\[(\w+)\](.*)$/.exec(value) : null
  if (brackets !== null)
    return `Elements are named by their position after a dot: "${brackets[1]}.${brackets[3]}${brackets[4]}".`
  const ofAnswer = examplesOf(places.filter(({ inAnswers }) => inAnswers))
  const ofRequest = examplesOf(places).join(', ')
  if (side === 'request') return `A request has: ${ofRequest}.`
  return side === 'either'
    ? `Give a place: ${ofRequest}; of the answer: ${ofAnswer.map((place) => `answer.${place}`).join(', ')}.`
    : `An answer has: ${ofAnswer.join(', ')}.`
}

const examplesOf = (some: readonly Place[]): readonly string[] => some.flatMap(({ examples }) => examples)

/** @throws UserError (input) */
export const parseConditions = (value: unknown, place: WrittenPlaces): Conditions =>
  parsePlaces(value, place, 'Give a place and its value: {"json.op": "set"}.') as Conditions

/**
 * Parses `sends`: the contents to add to generated requests, by place.
 *
 * @throws UserError (input)
 */
export const parseSends = (value: unknown, where: string, { names }: Scope): Sends =>
  parsePlaces(
    value,
    { where, side: 'request', names },
    'Give a place and what to send there: {"header.Authorization": "Bearer …"}.',
  ) as Sends

type WrittenPlaces = Pick<ValuePlace, 'where' | 'side' | 'names'>

/**
 * Parses an object whose member names are places in a message, such as `json.op`. If the object is empty, the error
 * message ends with `remedy`.
 */
function parsePlaces(value: unknown, { where, side, names }: WrittenPlaces, remedy: string): Members {
  const given = readObject(value, where)
  const places = Object.keys(given)
  if (places.length === 0) throw inputError(`${where} is empty. ${remedy}`)
  const pattern = side === 'request' ? REQUEST_CONDITION : ANSWER_CONDITION
  for (const place of places) {
    if (!pattern.test(place))
      throw inputError(
        `${where}: ${quote(place)} is not a place in ${side === 'request' ? 'a request' : 'an answer'}. ${remedyFor(place, side)}`,
      )
    const [kind, name = ''] = place.split('.')
    if (kind === 'path' && !names.includes(name))
      throw inputError(`${where}: ${quote(place)}: the path has no {${name}}.`)
  }
  return given
}
