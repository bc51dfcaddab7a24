import { grpcStatusNames } from '@chaosproxy/wire/grpc-status'
import { peerSources } from '../mapping/client-source.ts'
import { patternOf } from '../places/place-of.ts'
import { places } from '../places/registry.ts'
import type { JsonSchema } from './members.ts'

const METHODS = '[A-Z]+(,[A-Z]+)*'
/** Matches one or more methods, and a path without a query. */
export const REQUEST: RegExp = new RegExp(`^${METHODS} /[^\\s?#]*$`)

const requestPlaces = patternOf(places)
const answerPlaces = patternOf(places.filter(({ inAnswers }) => inAnswers))
const clientPlaces = patternOf(places.filter(({ namesClient }) => namesClient !== 'never'))
const itemPlaces = 'item(\\.[^.[\\]\\s]+)*|name'

/** Places in a request or, with `answer.`, in its response. */
export const SOURCE: RegExp = new RegExp(`^(${requestPlaces}|answer\\.(${answerPlaces})|${itemPlaces})$`)
export const ANSWER_SOURCE: RegExp = new RegExp(`^((answer\\.)?(${answerPlaces})|${itemPlaces})$`)
export const LIST_SOURCE: RegExp = /^(answer\.)?json(\.[^.[\]\s]+)*$/
export const CLIENT_SOURCE: RegExp = new RegExp(
  // A client can be identified by a part of a body, but not by a whole body.
  `^((?=\\w+\\.)(${clientPlaces})|bearer|${peerSources.join('|').replaceAll('.', '\\.')})$`,
)
export const STATUS: RegExp = new RegExp(
  `^([1-5](\\d\\d|xx)|grpc (${grpcStatusNames.map((name, number) => `${number}|${name}`).join('|')}))$`,
)
export const REQUEST_CONDITION: RegExp = new RegExp(`^(${requestPlaces})$`)
export const ANSWER_CONDITION: RegExp = new RegExp(`^(${answerPlaces})$`)

export const text: JsonSchema = { type: 'string', minLength: 1 }
export const fits =
  (pattern: RegExp): ((value: unknown) => value is string) =>
  (value): value is string =>
    typeof value === 'string' && pattern.test(value)

export const matching = (pattern: RegExp): JsonSchema => ({ type: 'string', pattern: pattern.source })
/** A reference under `$defs` of `routeTableSchema`. */
export const reference = (name: string): JsonSchema => ({ $ref: `#/$defs/${name}` })
