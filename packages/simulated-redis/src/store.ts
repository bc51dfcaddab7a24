import { wrongType } from './failures.ts'
import type { Session } from './session.ts'
import type { Stream } from './stream.ts'

/** The value of a key, by its type. Each character of a string represents one byte. */
export interface Values {
  readonly string: { readonly type: 'string'; text: string }
  readonly hash: { readonly type: 'hash'; readonly fields: Map<string, string> }
  readonly list: { readonly type: 'list'; items: string[] }
  readonly set: { readonly type: 'set'; readonly members: Set<string> }
  readonly stream: Stream
  readonly zset: { readonly type: 'zset'; readonly scores: Map<string, number> }
}

export type ValueType = keyof Values
export type Value = Values[ValueType]

export interface Entry {
  readonly value: Value
  /** In milliseconds of the server's clock. */
  readonly expiresAt: number | undefined
}

const DATABASES = 16

const sizeOf = (value: Value): number => {
  switch (value.type) {
    case 'string':
      return 1
    case 'hash':
      return value.fields.size
    case 'list':
      return value.items.length
    case 'set':
      return value.members.size
    case 'stream':
      // A stream never counts as empty. Redis keeps a stream without entries, because it may have groups.
      return 1
    case 'zset':
      return value.scores.size
  }
}

/** The keys of one database. Expired keys are removed when they are accessed. */
export class Database {
  readonly number: number
  readonly #store: Store
  entries: Map<string, Entry> = new Map()
  /** The number of the last change to each key, for the Redis command WATCH. */
  readonly #versions = new Map<string, number>()

  constructor(store: Store, number: number) {
    this.#store = store
    this.number = number
  }

  entry(key: string): Entry | undefined {
    const entry = this.entries.get(key)
    if (entry?.expiresAt === undefined || this.#store.now <= entry.expiresAt) return entry
    this.remove(key)
    return undefined
  }

  /** @throws CommandError for a value of another type. */
  value<Type extends ValueType>(key: string, type: Type): Values[Type] | undefined {
    const value = this.entry(key)?.value
    if (value === undefined) return undefined
    if (value.type !== type) throw wrongType()
    return value as Values[Type]
  }

  /**
   * Replaces a key of any type. `expiresAt` is in milliseconds of the server's clock; without it, the key does not
   * expire.
   */
  put(key: string, value: Value, expiresAt?: number): void {
    this.entries.set(key, { value, expiresAt })
    this.changed(key)
  }

  /** Removes a key, if it exists. */
  remove(key: string): boolean {
    if (!this.entries.delete(key)) return false
    this.changed(key)
    return true
  }

  /** Removes members from a collection. Returns their number. */
  removeFrom(
    key: string,
    collection: { delete(member: string): boolean } | undefined,
    members: readonly string[],
  ): number {
    const removed = members.filter((member) => collection?.delete(member)).length
    if (removed > 0) this.changed(key)
    return removed
  }

  /** Records a change of a key. Removes an empty collection. */
  changed(key: string): void {
    const value = this.entries.get(key)?.value
    if (value !== undefined && sizeOf(value) === 0) this.entries.delete(key)
    this.#store.changes++
    this.#versions.set(key, this.#store.changes)
    if (this.#store.blocked.size > 0) this.#store.touched.push({ database: this.number, key })
  }

  version(key: string): number {
    this.entry(key)
    return this.#versions.get(key) ?? 0
  }

  keys(): string[] {
    return [...this.entries.keys()].filter((key) => this.entry(key) !== undefined)
  }

  clear(): void {
    for (const key of [...this.entries.keys()]) this.remove(key)
  }
}

export class Store {
  readonly databases: readonly Database[] = Array.from({ length: DATABASES }, (_, i) => new Database(this, i))
  /** The server's clock at the start of the current command, in milliseconds. */
  now = 0
  changes = 0
  /** The number of random numbers drawn so far. Together with the seed, it determines the next ones. */
  draws = 0
  readonly #random: (n: number) => number
  readonly channels: Map<string, Set<Session>> = new Map()
  readonly patterns: Map<string, Set<Session>> = new Map()
  /** Sessions that wait for a key, in order of arrival. */
  readonly blocked: Set<Session> = new Set()
  /** Keys that were modified while sessions waited. */
  touched: { readonly database: number; readonly key: string }[] = []
  /** Loaded scripts by their SHA-1; a restart removes them. */
  readonly scripts: Map<string, string> = new Map()
  /** The changes of the store in order, if they are recorded. */
  journal: Change[] | undefined

  constructor(random: (n: number) => number) {
    this.#random = random
  }

  draw(): number {
    this.draws++
    return this.#random(this.draws)
  }

  database(number: number): Database {
    const found = this.databases[number]
    if (found === undefined) throw new Error(`there is no database ${number}`)
    return found
  }

  copy(): Store {
    const copy = new Store(this.#random)
    copy.draws = this.draws
    for (const { number, entries } of this.databases) copy.database(number).entries = structuredClone(entries)
    return copy
  }
}

/** Commands that changed keys atomically: a power loss keeps all or none. */
export interface Change {
  readonly now: number
  readonly draws: number
  readonly database: number
  readonly commands: readonly (readonly string[])[]
}
