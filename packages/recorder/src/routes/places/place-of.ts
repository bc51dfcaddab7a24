import { placeParts, type ValueSource } from '../table/route-table.ts'
import type { Place } from './place.ts'
import { places } from './registry.ts'

/** The place of a source without the prefix `answer.`; undefined if there is no such place. */
export function findPlace(source: ValueSource): Place | undefined {
  const { kind } = placeParts(source)
  return byKind.get(kind)
}

const byKind: ReadonlyMap<string, Place> = new Map(places.map((place) => [place.kind, place]))

/** Returns a regular expression, as text, that matches the source of a value in any of these places. */
export const patternOf = (some: readonly Place[]): string => some.map(({ kind, name }) => `${kind}${name}`).join('|')
