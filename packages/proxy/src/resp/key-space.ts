import type { Json } from '@chaosproxy/history'
import type { End, Names } from './command-reader.ts'
import { nameOfField, nameOfKey } from './key-names.ts'
import { Lifetimes } from './lifetimes.ts'

/** Fields, lists and touched hashes that are remembered. Beyond them, fields are no registers any more. */
const MOST_REMEMBERED = 100_000
const NO_NAMES: readonly string[] = []

/**
 * The keys of a Redis as its recorder knows them, over all connections and nodes: which fields a hash was seen to have,
 * since what is done to a key is done to all of them.
 */
export class KeySpace {
  /** What its keys hold has been read. */
  isRead = false
  /** How long they live, as far as nothing recorded says so. */
  readonly lifetimes: Lifetimes = new Lifetimes()
  /** By a hash's name, the names of its fields. */
  readonly #fields: Map<string, Set<string>> = new Map()
  /** Hashes of which a field that was not seen yet may have changed outside the record. */
  readonly #touched: Set<string> = new Set()
  /** By the names of keys, how many commands are under way that delete them with all their fields. */
  readonly #deleting: Map<string, number> = new Map()
  readonly #filledAt: Map<string, End> = new Map()
  readonly #names: Map<string, Names> = new Map()
  #lastDatabase = ''
  #lastNames: Names | undefined
  #remembered = 0

  /** The names in one database. */
  names(database: string): Names {
    if (database === this.#lastDatabase && this.#lastNames !== undefined) return this.#lastNames
    const found = this.#names.get(database) ?? this.#namesAnew(database)
    this.#lastDatabase = database
    this.#lastNames = found
    return found
  }

  #namesAnew(database: string): Names {
    const made: Names = {
      key: (key) => nameOfKey(database, key),
      field: (key, field) => this.#field(nameOfKey(database, key), field),
      fieldsOf: (key) => this.fieldsOf(nameOfKey(database, key)),
      isFilledAt: (key, end) => this.#isFilledAt(nameOfKey(database, key), end),
    }
    // Redis has 16 databases, unless told otherwise.
    if (this.#names.size < 10_000) this.#names.set(database, made)
    return made
  }

  /** Whether any hash was seen to have fields. */
  get hasFields(): boolean {
    return this.#fields.size > 0
  }

  /** The names of the fields that this key, by its name, was seen to have. */
  fieldsOf(keyName: string): readonly string[] {
    const fields = this.#fields.get(keyName)
    return fields === undefined ? NO_NAMES : [...fields]
  }

  /** The keys are changed outside the record: so are all their fields, also those not seen yet. Answers their names. */
  touch(names: Names, keys: readonly Json[]): readonly string[] {
    return keys.flatMap((key) => {
      const name = names.key(key)
      if (!this.#touched.has(name) && this.#mayRemember()) this.#touched.add(name)
      return [name, ...this.fieldsOf(name)]
    })
  }

  /**
   * The keys are being deleted. A field that is first asked for meanwhile may be gone with its hash, and the record would
   * not say so. To be called once that is over: never, where nobody knows when.
   */
  deleting(keyNames: readonly string[]): () => void {
    for (const name of keyNames) this.#deleting.set(name, (this.#deleting.get(name) ?? 0) + 1)
    return () => {
      for (const name of keyNames) {
        const others = (this.#deleting.get(name) ?? 1) - 1
        if (others > 0) this.#deleting.set(name, others)
        else this.#deleting.delete(name)
      }
    }
  }

  /** Undefined where it is not to be a register: the hash is touched, or being deleted, or there are too many fields. */
  #field(keyName: string, field: Json): string | undefined {
    const name = nameOfField(keyName, field)
    const fields = this.#fields.get(keyName)
    if (fields?.has(name) === true) return name
    if (this.#touched.has(keyName) || this.#deleting.has(keyName) || !this.#mayRemember()) return undefined
    if (fields === undefined) this.#fields.set(keyName, new Set([name]))
    else fields.add(name)
    return name
  }

  #isFilledAt(keyName: string, end: End): boolean {
    const known = this.#filledAt.get(keyName)
    if (known !== undefined) return known === end
    if (!this.#mayRemember()) return false
    this.#filledAt.set(keyName, end)
    return true
  }

  /** Once it answered false it goes on doing so: what could not be remembered may be anything. */
  #mayRemember(): boolean {
    if (this.#remembered >= MOST_REMEMBERED) return false
    this.#remembered++
    return true
  }
}
