import type { Json } from '@chaosproxy/history'
import { type Completion, type Completions, UNSAID } from '../recorder/call.ts'
import { isError, type Part, refusalOf, type Says } from './answers.ts'

/** What keys and fields are called in the history, in the database that a command is for. */
export interface Names {
  readonly key: (key: Json) => string
  /** Undefined where the field cannot be told to be untouched. */
  readonly field: (key: Json, field: Json) => string | undefined
  /** Of the fields of this hash that were asked for before, the names. */
  readonly fieldsOf: (key: Json) => readonly string[]
  /** Whether the list is filled at this end: the first command on it decides. */
  readonly isFilledAt: (key: Json, end: End) => boolean
}

export type End = 'left' | 'right'

/** A command as operations. */
export interface Recognised {
  readonly parts: readonly [Part, ...Part[]]
  /** The keys that it may also change later, or in a way that no operation tells. */
  readonly touches?: { readonly keys: readonly string[]; readonly why: string } | undefined
  /** The names of keys that go with all their fields, also those that nobody asked for yet. */
  readonly deletes?: readonly string[] | undefined
  /** An error may come after a part of it was done. */
  readonly errorsLate?: true | undefined
}

/**
 * Says which operations a command asks for, from its words; undefined where it is none that can be recorded, and what
 * it changes is asked of the table of effects.
 */
export type CommandReader = (words: readonly Json[], names: Names) => Recognised | undefined

/** By the command's name in upper case. */
export type CommandReaders = { readonly [name: string]: CommandReader }

/** What a command's answer, undefined where it cannot be read, says of each of its operations, or of all alike. */
export function completionsOf(recognised: Recognised, answer: Json | undefined): Completions {
  const { parts } = recognised
  if (isError(answer)) return refusalOf(answer.error, recognised.errorsLate)
  if (answer === undefined) return UNREADABLE
  if (parts.length === 1) return completionOf(parts[0], answer, 0)
  return parts.map((part, index) => completionOf(part, answer, index))
}

const completionOf = ({ call, says }: Part, answer: Json, index: number): Completion =>
  says(answer, call, index) ?? NOT_UNDERSTOOD

const UNREADABLE: Completion = { type: 'not-understood', error: 'an answer that cannot be read' }
const NOT_UNDERSTOOD: Completion = { type: 'not-understood', error: 'an answer of another kind than the command has' }

export const EXPIRES = 'it may expire at any time from here on'

export const read = (key: string, says: Says): Part => ({
  call: { f: 'read', key, value: null, harmless: true },
  says,
})

export const write = (key: string, value: Json, says: Says): Part => ({ call: { f: 'write', key, value }, says })

/** Its value is `[old, new]`; `[new]` where only the answer tells what was there. */
export const cas = (key: string, value: readonly Json[], says: Says): Part => ({
  call: { f: 'cas', key, value },
  says,
})

/** The answer tells both values. */
export const unsaidCas = (key: string, says: Says): Part => ({ call: { f: 'cas', key, value: UNSAID }, says })

export const unsaidWrite = (key: string, says: Says): Part => ({ call: { f: 'write', key, value: UNSAID }, says })

/** The time to live stays as it is. */
export const keeping = (part: Part): Part => ({ ...part, keepsTimeToLive: true })

export const one = (part: Part): Recognised => ({ parts: [part] })

/** Undefined where there are none, or fewer than there should be. */
export function several(parts: readonly Part[], count: number = parts.length): Recognised | undefined {
  const [first, ...rest] = parts
  return first === undefined || parts.length < count ? undefined : { parts: [first, ...rest] }
}

/** The words as pairs, from `start` on; undefined where one is left over, or there are none. */
export function pairsOf(words: readonly Json[], start: number): readonly (readonly [Json, Json])[] | undefined {
  if (words.length <= start || (words.length - start) % 2 !== 0) return undefined
  return Array.from({ length: (words.length - start) / 2 }, (_, i) => [
    words[start + 2 * i] ?? null,
    words[start + 2 * i + 1] ?? null,
  ])
}

/** The word at `at`; a command that is too short has none, and never gets here. */
export const word = (words: readonly Json[], at: number): Json => words[at] ?? null

/** An amount as Redis takes it; undefined where it is none. */
export function amountOf(text: Json | undefined): number | undefined {
  const amount = typeof text === 'string' && /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(amount) ? amount : undefined
}
