import { foundOrMade, type Json } from '@chaosproxy/history'
import type { End, Names } from './command-reader.ts'
import { HeldValues } from './held-values.ts'
import { Lifetimes } from './lifetimes.ts'

/**
 * The maximum number of fields, lists and keys in `#touched` that are remembered, in total. Once it is reached, no new
 * field is recorded.
 */
const MOST_REMEMBERED = 100_000
/**
 * Maximum number of recorded deletions of one command. A command that may delete more counts as changing everything.
 */
const MOST_FLUSHED = 10_000
const NO_NAMES: readonly string[] = []

export type Flushed = 'everything' | { readonly database: string }

/** What the recorder knows of the keys of a Redis, over all connections and nodes, such as the fields of each hash. */
export class KeySpace {
  isRead = false
  /** Tracks the times to live that were set before the recording. */
  readonly lifetimes: Lifetimes = new Lifetimes()
  readonly values: HeldValues = new HeldValues()
  readonly #fields: Map<string, Set<string>> = new Map()
  /** Hashes that may have been changed outside the record, and so may have unseen fields. */
  readonly #touched: Set<string> = new Set()
  /** For each key, how many commands in progress delete it with all its fields. */
  readonly #deleting: Map<string, number> = new Map()
  /** The number of commands in progress that delete everything. */
  #flushing = 0
  /** The databases in which all keys were deleted, including unseen keys. */
  readonly #emptied: Set<string> = new Set()
  #isAllEmptied = false
  readonly #seen: Map<string, Set<string>> = new Map()
  #seenCount = 0
  readonly #nodes: Set<string> = new Set()
  /** Called with a key that is first seen while a command deletes every key. The command may delete this key, too. */
  onFlushed: (keyName: string) => void = () => undefined
  /**
   * Called when a command first names a key or field after all keys were deleted. This key or field is certainly
   * absent.
   */
  onAbsent: (name: string) => void = () => undefined
  isLasting: (keyName: string) => boolean = () => false
  onField: (keyName: string, fieldName: string) => void = () => undefined
  readonly #filledAt: Map<string, End> = new Map()
  readonly #names: Map<string, Names> = new Map()
  #lastDatabase = ''
  #lastNames: Names | undefined
  #remembered = 0

  names(database: string): Names {
    if (database === this.#lastDatabase && this.#lastNames !== undefined) return this.#lastNames
    const found = this.#names.get(database) ?? this.#namesAnew(database)
    this.#lastDatabase = database
    this.#lastNames = found
    return found
  }

  #namesAnew(database: string): Names {
    const seen = foundOrMade(this.#seen, database, () => new Set())
    const made: Names = {
      key: (key) => {
        const name = nameOfKey(database, key)
        if (!seen.has(name)) this.#firstSeen(name, seen, database)
        return name
      },
      field: (key, field) => this.#field(made.key(key), field, database),
      fieldsOf: (key) => this.fieldsOf(nameOfKey(database, key)),
      touch: (keys) => this.touch(made, keys),
      known: (inAll) => this.#known(inAll ? [...this.#seen.values()] : [seen]),
      held: (key) => this.#held(nameOfKey(database, key)),
      isFilledAt: (key, end) => this.#isFilledAt(nameOfKey(database, key), end),
    }
    // Recordings do not reach this limit: Redis has 16 databases by default.
    if (this.#names.size < 10_000) this.#names.set(database, made)
    return made
  }

  node(name: string): void {
    this.#nodes.add(name)
  }

  #firstSeen(name: string, seen: Set<string>, database: string): void {
    const isNew = this.#seenCount <= MOST_FLUSHED
    if (isNew) {
      this.#seenCount++
      seen.add(name)
    }
    if (this.#flushing > 0) {
      this.values.lose(name)
      this.onFlushed(name)
    } else if (isNew && this.#isEmptied(database)) this.onAbsent(name)
  }

  /**
   * Whether unseen keys are certainly absent, because all keys were deleted. False with several servers, because their
   * keys may differ.
   */
  #isEmptied(database: string): boolean {
    return (this.#isAllEmptied || this.#emptied.has(database)) && this.#nodes.size <= 1
  }

  #held(name: string): ((ownWrites: number) => Json | undefined) | undefined {
    const isPlain = (): boolean => this.#nodes.size <= 1 && !this.isLasting(name) && this.fieldsOf(name).length === 0
    const held = isPlain() ? this.values.of(name) : undefined
    return held && ((ownWrites) => (held.isWrittenBy(ownWrites) && isPlain() ? held.value : undefined))
  }

  /**
   * Returns the names of the known keys and fields. Undefined if there are too many names, or if there are several
   * servers, because a flush deletes the keys of only one server.
   */
  #known(databases: readonly ReadonlySet<string>[]): readonly string[] | undefined {
    if (this.#seenCount > MOST_FLUSHED || this.#nodes.size > 1) return undefined
    return databases.flatMap((names) => [...names].flatMap((name) => [name, ...this.fieldsOf(name)]))
  }

  get hasFields(): boolean {
    return this.#fields.size !== 0
  }

  fieldsOf(keyName: string): readonly string[] {
    const fields = this.#fields.get(keyName)
    return fields === undefined ? NO_NAMES : [...fields]
  }

  /** Marks keys and their fields as changed outside the record. Returns their names. */
  touch(names: Names, keys: readonly Json[]): readonly string[] {
    return keys.flatMap((key) => {
      const name = names.key(key)
      this.values.lose(name)
      if (!this.#touched.has(name) && this.#mayRemember()) this.#touched.add(name)
      return [name, ...this.fieldsOf(name)]
    })
  }

  /**
   * Call when a command begins to delete keys. Call the returned function when the command has ended, but never if its
   * outcome stays unknown. For a flush, pass whether it succeeded. Between the two calls, a field of these keys that is
   * first seen is not recorded as a register, because the record does not show whether the field was deleted. During a
   * flush, this applies to the fields of every key.
   */
  deleting(keyNames: readonly string[], flushes?: Flushed): (isDone?: boolean) => void {
    if (flushes !== undefined) this.#flushing++
    for (const name of keyNames) this.#deleting.set(name, (this.#deleting.get(name) ?? 0) + 1)
    return (isDone = false) => {
      if (flushes !== undefined) this.#flushing--
      if (flushes !== undefined && isDone) {
        if (flushes === 'everything') this.#isAllEmptied = true
        else this.#emptied.add(flushes.database)
      }
      for (const name of keyNames) {
        const others = (this.#deleting.get(name) ?? 1) - 1
        if (others > 0) this.#deleting.set(name, others)
        else this.#deleting.delete(name)
      }
    }
  }

  /** Returns the name of a field, if it can be recorded as a register. */
  #field(keyName: string, field: Json, database: string): string | undefined {
    const name = nameOfField(keyName, field)
    const fields = this.#fields.get(keyName)
    if (fields?.has(name) === true) return name
    if (this.#touched.has(keyName) || this.#deleting.has(keyName) || this.#flushing > 0 || !this.#mayRemember())
      return undefined
    if (fields === undefined) this.#fields.set(keyName, new Set([name]))
    else fields.add(name)
    this.onField(keyName, name)
    if (this.#isEmptied(database)) this.onAbsent(name)
    return name
  }

  #isFilledAt(keyName: string, end: End): boolean {
    const known = this.#filledAt.get(keyName)
    if (known !== undefined) return known === end
    if (!this.#mayRemember()) return false
    this.#filledAt.set(keyName, end)
    return true
  }

  /**
   * Whether one more name may be remembered; if so, counts it. Names are never forgotten, because a deletion of a hash
   * is recorded for all its known fields.
   */
  #mayRemember(): boolean {
    if (this.#remembered >= MOST_REMEMBERED) return false
    this.#remembered++
    return true
  }
}

/**
 * The name of a key in a history: `key` in database 0, `1/key` in another database, `key[field]` for a field. A key
 * that looks like `1/key` or `key[field]`, or is not text, is named by its JSON text, so that names differ.
 */
export function nameOfKey(database: string, key: Json): string {
  const name = textOf(key)
  return database === '0' ? name : `${database}/${name}`
}

export const nameOfField = (keyName: string, field: Json): string => `${keyName}[${textOf(field)}]`

const textOf = (word: Json): string => (typeof word === 'string' && !AMBIGUOUS.test(word) ? word : JSON.stringify(word))

const AMBIGUOUS = /^["{]|^\d+\/|\[/
