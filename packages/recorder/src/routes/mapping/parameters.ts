import { type ClientSource, isIgnored, operationsOf, type RouteSpec } from '../table/route-table.ts'
import { queryOf } from './message.ts'
import { sourcesOf } from './value-source.ts'

/** Returns the query parameters that a route reads or sends. */
export function parametersNamedBy(route: RouteSpec, client: ClientSource | undefined): readonly string[] {
  const conditions = Object.keys(route.when ?? {})
  if (isIgnored(route)) return parametersIn(conditions)
  const places = operationsOf(route).flatMap(({ key, value, each }) => [key, value, each].flatMap(sourcesOf))
  const sent = Object.keys(route.sends ?? {})
  return parametersIn([...conditions, ...places, ...sent, route.client ?? client ?? ''])
}

export const parametersIn = (places: readonly string[]): readonly string[] =>
  places.filter((place) => place.startsWith(QUERY)).map((place) => place.slice(QUERY.length))

const QUERY = 'query.'

/** The parameters of a target that are not in `named`. */
export function parametersBeside(target: string, named: readonly string[]): readonly string[] {
  const question = target.indexOf('?')
  if (question === -1) return []
  const given = queryOf(target.slice(question + 1))
  return [...new Set(given.keys())].filter((name) => !named.includes(name))
}

export function whyNotNamed(parameters: readonly string[]): string {
  const names = parameters.map((name) => JSON.stringify(name)).join(', ')
  const [noun, pronoun] = parameters.length === 1 ? ['the parameter', 'it'] : ['the parameters', 'them']
  return `no route names ${noun} ${names} in the query, so the request may ask for something else. Use ${noun} in "when", or ignore ${pronoun}: "ignoredParameters": [${names}]`
}
