import { placeParts, type ValueSource } from '../table/route-table.ts'
import { body } from './body.ts'
import { cookie } from './cookie.ts'
import { form } from './form.ts'
import { header } from './header.ts'
import { json } from './json.ts'
import { path } from './path.ts'
import type { Place } from './place.ts'
import { query } from './query.ts'

/**
 * To add a place, write its file next to this one and add it here: parser, recorder, request maker and JSON Schema
 * follow. The order is that of error messages.
 */
export const places: readonly Place[] = [path, query, header, cookie, form, body, json]

/** The place that a source without the prefix `answer.` names; undefined if there is none. */
export function findPlace(source: ValueSource): Place | undefined {
  const { kind } = placeParts(source)
  return byKind.get(kind)
}

const byKind: ReadonlyMap<string, Place> = new Map(places.map((place) => [place.kind, place]))

/** The source of a regular expression for sources in one of these places. */
export const patternOf = (some: readonly Place[]): string => some.map(({ kind, name }) => `${kind}${name}`).join('|')
