import { type Meaning, vocabulary } from './vocabulary.ts'

export type { Meaning }

const meanings: ReadonlyMap<string, Meaning> = new Map(
  Object.entries(vocabulary).flatMap(([f, meaning]) =>
    [f, ...(meaning.aliases ?? [])].map((name) => [name, meaning] as const),
  ),
)

/** The names of all operations, aliases included. */
export const functionNames: readonly string[] = [...meanings.keys()]

/** What an operation of this name means; undefined for one that only a user's own model knows. */
export const meaningOf = (f: string): Meaning | undefined => meanings.get(f)

/** Whether it returns the whole value of a key and does nothing else. */
export const readsWhole = (f: string): boolean => WHOLE_READS.has(f)

const WHOLE_READS: ReadonlySet<string> = new Set(functionNames.filter((f) => meanings.get(f) === vocabulary['read']))

/** Whether it replaces the value of a key, whatever that is. */
export function replacesWhole(f: string): boolean {
  const meaning = meanings.get(f)
  return meaning?.effect === 'replaces' && meaning.takes === 'value'
}

/** Whether it may change its object, as anything may that has no meaning here. */
export const mayChange = (f: string): boolean =>
  !['reads', 'follows', 'watches'].includes(meanings.get(f)?.effect ?? '')

/** Whether it is invoked without a value. */
export const takesNothing = (f: string): boolean => meanings.get(f)?.takes === 'nothing'

/** `a write`, `an increment`. */
export const withArticle = (f: string): string => `${/^[aeiou]/i.test(f) ? 'an' : 'a'} ${f}`
