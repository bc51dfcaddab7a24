import { placeParts, type ValueSource } from '../table/route-table.ts'
import type { Place } from './place.ts'
import { places } from './registry.ts'

export function findPlace(source: ValueSource): Place | undefined {
  const { kind } = placeParts(source)
  return byKind.get(kind)
}

const byKind: ReadonlyMap<string, Place> = new Map(places.map((place) => [place.kind, place]))

/** Returns the source of a regular expression that matches the full names of these places. */
export const patternOf = (some: readonly Place[]): string => some.map(({ kind, name }) => `${kind}${name}`).join('|')
