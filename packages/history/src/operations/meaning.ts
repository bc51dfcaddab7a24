import { type Meaning, vocabulary } from './vocabulary.ts'

export type { Meaning }

const meanings: ReadonlyMap<string, Meaning> = new Map(
  Object.entries(vocabulary).flatMap(([f, meaning]) =>
    [f, ...(meaning.aliases ?? [])].map((name) => [name, meaning] as const),
  ),
)

/** The names of all operations, aliases included. */
export const functionNames: readonly string[] = [...meanings.keys()]

/** Returns what an operation means; undefined if the vocabulary lacks its name. */
export const meaningOf = (f: string): Meaning | undefined => meanings.get(f)

/** Whether an operation only returns the whole value of a key. */
export const readsWhole = (f: string): boolean => WHOLE_READS.has(f)

const WHOLE_READS: ReadonlySet<string> = new Set(functionNames.filter((f) => meanings.get(f) === vocabulary['read']))

/** Whether an operation replaces the value of a key, independently of the old value. */
export function replacesWhole(f: string): boolean {
  const meaning = meanings.get(f)
  return meaning?.effect === 'replaces' && meaning.takes === 'value'
}

/** Whether an operation may change its object. Operations without a known meaning may. */
export const mayChange = (f: string): boolean =>
  !['reads', 'follows', 'watches'].includes(meanings.get(f)?.effect ?? '')

/** Whether the object itself may decline an operation: a cas that finds another value, or an acquire of a held lock. */
export function mayDecline(f: string): boolean {
  const meaning = meanings.get(f)
  return meaning?.takes === 'pair' || meaning?.effect === 'acquires'
}

/** Whether an operation is invoked without a value. */
export const takesNothing = (f: string): boolean => meanings.get(f)?.takes === 'nothing'

export const returnsValue = (f: string): boolean => (meanings.get(f)?.answers ?? 'value') === 'value'

/** A function name with its article: `a write`, `an increment`. */
export const withArticle = (f: string): string => `${/^[aeiou]/i.test(f) ? 'an' : 'a'} ${f}`
