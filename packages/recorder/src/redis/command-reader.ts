import type { Json } from '@chaosproxy/history'
import { type Call, type Completions, type Interpretation, notUnderstood, UNSAID } from '../record/call.ts'
import { type CommandOperation, type Interpret, interpretCount, interpretSum, isError, refusalOf } from './answers.ts'
import type { Lifetime } from './lifetime.ts'

export interface Names {
  readonly key: (key: Json) => string
  /** The name of a field; undefined if the field may have changed outside the record. */
  readonly field: (key: Json, field: Json) => string | undefined
  /** The names of the fields seen in a hash. */
  readonly fieldsOf: (key: Json) => readonly string[]
  readonly touch: (keys: readonly Json[]) => readonly string[]
  /**
   * Returns the names of all keys and fields of this database or, if `inAll`, of all databases. Undefined if some names
   * may be unseen.
   */
  readonly known: (inAll: boolean) => readonly string[] | undefined
  /**
   * Looks up the value of a key that the command moves. Returns a function to call when the reply arrives. Its argument
   * is the number of times that the command itself wrote the key.
   */
  readonly held: (key: Json) => ((ownWrites: number) => Json | undefined) | undefined
  /** Whether clients add elements to the list at the side `end`. The first command on the list decides this. */
  readonly isFilledAt: (key: Json, end: End) => boolean
}

export type End = 'left' | 'right'

export interface Recognised {
  readonly parts: readonly [CommandOperation, ...CommandOperation[]]
  /** Keys that the command may change later, or in a way that no operation expresses. */
  readonly touches?: { readonly keys: readonly string[]; readonly why: string } | undefined
  readonly lifetimes?: readonly Lifetime[] | undefined
  /** The keys that are deleted with all their fields, including unseen fields. */
  readonly deletes?: readonly string[] | undefined
  /** Whether the command deletes all keys of a database, including unseen keys. */
  readonly flushes?: true | undefined
  /** Whether an error may follow a partial execution. */
  readonly errorsLate?: true | undefined
}

/**
 * Reads the operations of a Redis command. Returns `no effect` if the command affects no recorded key. Returns
 * undefined if the command cannot be recorded as operations; the caller then finds the keys that it changes in the
 * table of command effects.
 */
export type CommandReader = (words: readonly Json[], names: Names) => Recognised | 'no effect' | undefined

/** The readers of commands. The keys are the commands' names in upper case. */
export type CommandReaders = { readonly [name: string]: CommandReader }

/** Returns the completions of a command's operations from its reply. */
export function completionsOf(recognised: Recognised, answer: Json | undefined): Completions {
  const { parts } = recognised
  if (isError(answer)) return refusalOf(answer.error, recognised.errorsLate)
  if (answer === undefined) return UNREADABLE
  if (parts.length === 1) return completionOf(parts[0], answer, 0)
  return parts.map((part, index) => completionOf(part, answer, index))
}

const completionOf = ({ call, interpret }: CommandOperation, answer: Json, index: number): Interpretation =>
  interpret(answer, call, index) ?? NOT_UNDERSTOOD

const UNREADABLE = notUnderstood('an answer that cannot be read')
const NOT_UNDERSTOOD = notUnderstood('an answer of a kind that the command does not return')

export const read = (key: string, interpret: Interpret): CommandOperation => ({
  call: { f: 'read', key, value: null, harmless: true },
  interpret,
})

export const operation = (f: string, key: string, value: Call['value'], interpret: Interpret): CommandOperation => ({
  call: { f, key, value },
  interpret,
})

export const write = (key: string, value: Json, interpret: Interpret): CommandOperation =>
  operation('write', key, value, interpret)

/** Returns a cas. Its value is `[old, new]`, or `[new]` if only the reply contains the old value. */
export const cas = (key: string, value: readonly Json[], interpret: Interpret): CommandOperation =>
  operation('cas', key, value, interpret)

/** Returns a cas that stands for an addition. Only the reply contains the old and the new value. */
export const unsaidSum = (key: string, amount: number): CommandOperation => ({
  call: { f: 'cas', key, value: UNSAID, amount },
  interpret: interpretSum(amount),
})

export const unsaidWrite = (key: string, interpret: Interpret): CommandOperation =>
  operation('write', key, UNSAID, interpret)

/** Returns an operation that changes a value, such as an addition. Its reply is a number. */
export const change = (f: string, key: string, value: Json): CommandOperation =>
  keeping(operation(f, key, value, interpretCount))

export const keeping = (part: CommandOperation): CommandOperation => ({ ...part, keepsTimeToLive: true })

export const one = (part: CommandOperation): Recognised => ({ parts: [part] })

/** Returns a command with these operations; undefined if there are none. */
export function several([first, ...rest]: readonly CommandOperation[]): Recognised | undefined {
  return first === undefined ? undefined : { parts: [first, ...rest] }
}

/** Reads a command of `length` words on one key. */
export const ofKey =
  (length: number, partOf: (key: string, words: readonly Json[]) => CommandOperation): CommandReader =>
  (words, names) =>
    words.length === length ? one(partOf(names.key(word(words, 1)), words)) : undefined

/** Reads a command in which each word after the key is an operation of its own. */
export const ofEach =
  (partOf: (key: string, value: Json) => CommandOperation): CommandReader =>
  (words, names) =>
    several(words.slice(2).map((value) => partOf(names.key(word(words, 1)), value)))

/** Returns the words from `start` on as pairs; undefined if there is no word, or one word without a partner. */
export function pairsOf(words: readonly Json[], start: number): readonly (readonly [Json, Json])[] | undefined {
  if (words.length <= start || (words.length - start) % 2 !== 0) return undefined
  return Array.from({ length: (words.length - start) / 2 }, (_, i) => [
    words[start + 2 * i] ?? null,
    words[start + 2 * i + 1] ?? null,
  ])
}

/** The word at `at`. Redis refuses commands without it. */
export const word = (words: readonly Json[], at: number): Json => words[at] ?? null

/** An amount in Redis' syntax. */
export function amountOf(text: Json | undefined): number | undefined {
  const amount = typeof text === 'string' && /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(amount) ? amount : undefined
}
