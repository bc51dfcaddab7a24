import { MAXIMUM_DEPTH, tooDeep } from '../event/depth.ts'
import type { Json } from '../event/event.ts'
import { ByteTable, type ByteTableData } from './byte-table.ts'
import { type Lists, type ListsData, ListTable } from './lists.ts'
import type { Memory } from './memory.ts'
import type { PlacedTexts } from './placed-texts.ts'
import { type MicroOperations, type MicroRange, type TransactionData, TransactionTable } from './transactions.ts'

declare const valueId: unique symbol

/**
 * A JSON value as a 32-bit integer. Equal values have equal ids within one table.
 *
 * - null is 0.
 * - An integer n that fits 31 bits has the id `n << 1 | 1`.
 * - Transaction n has the id FIRST_TRANSACTION - 4n.
 * - List n has the id FIRST_LIST - 4n.
 * - Any other id is twice the value's position in the table.
 */
export type ValueId = number & { readonly [valueId]: true }

export const NULL: ValueId = 0 as ValueId

/** The even ids between FIRST_TRANSACTION and 0 are unused. */
const FIRST_TRANSACTION = -16
const FIRST_LIST = FIRST_TRANSACTION - 2

const transactionId = (transaction: number): ValueId => (FIRST_TRANSACTION - 4 * transaction) as ValueId
const isTransactionId = (id: number): boolean => id <= FIRST_TRANSACTION && (id & 3) === 0
const transactionOf = (id: number): number => (FIRST_TRANSACTION - id) / 4

const listId = (list: number): ValueId => (FIRST_LIST - 4 * list) as ValueId
const isListId = (id: number): boolean => id <= FIRST_LIST && (id & 3) === 2

/** A table of values as plain data, for another thread. */
export interface ValueTableData {
  readonly texts: ByteTableData
  readonly transactions: TransactionData | undefined
  readonly lists: ListsData | undefined
}

const SMALLEST = -(2 ** 30)
const LARGEST = 2 ** 30 - 1

const isSmallInteger = (value: number): boolean =>
  Number.isInteger(value) && value >= SMALLEST && value <= LARGEST && !Object.is(value, -0)

export const smallIntegerId = (value: number): ValueId => ((value << 1) | 1) as ValueId

/** Interns JSON values by canonical text. The order of members does not matter, 1 equals 1.0, and 0 equals -0. */
export class ValueTable {
  readonly #texts: ByteTable
  readonly #memory: Memory | undefined
  /** Created with the first transaction. */
  #transactions: TransactionTable | undefined
  /** Created when a transaction reads a list for the first time. */
  #lists: ListTable | undefined

  /** Creates a table in the given memory. With `data`, the table starts with the contents of another thread's table. */
  constructor(memory?: Memory, data?: ValueTableData) {
    this.#memory = memory
    this.#texts = new ByteTable(memory, data?.texts)
    this.#texts.internText('null')
    if (data?.transactions !== undefined) this.#transactions = new TransactionTable(this, memory, data.transactions)
    if (data?.lists !== undefined) this.#lists = new ListTable(memory, data.lists)
  }

  data(): ValueTableData {
    return { texts: this.#texts.data(), transactions: this.#transactions?.data(), lists: this.#lists?.data() }
  }

  /** Returns the canonical texts that the table contains now. `placeOf` gives their numbers. */
  placed(): PlacedTexts {
    return this.#texts.placed()
  }

  get texts(): ByteTable {
    return this.#texts
  }

  /** The length in bytes of a value's canonical text. */
  lengthOf(id: number): number {
    return this.#texts.lengthOf(ValueTable.placeOf(id))
  }

  /**
   * Returns the number of the value's text in the table. Returns -1 for a small integer, because its text is not in the
   * table.
   */
  static placeOf(id: number): number {
    return (id & 1) === 1 ? -1 : id >> 1
  }

  /** Returns the id of a value. `depth` is its nesting depth in an event's value. */
  id(value: Json, depth = 0): ValueId {
    if (value === null) return NULL
    if (typeof value === 'number') {
      if (isSmallInteger(value)) return smallIntegerId(value)
      if (value === 0) return smallIntegerId(0)
    }
    return (this.#texts.internText(canonical(value, depth)) << 1) as ValueId
  }

  /** The id of a transaction's value, stored as micro-operations if possible. */
  idOfTransaction(value: Json): ValueId {
    const transaction = this.transactionTable.intern(value)
    return transaction === undefined ? this.id(value) : transactionId(transaction)
  }

  get transactionTable(): TransactionTable {
    this.#transactions ??= new TransactionTable(this, this.#memory)
    return this.#transactions
  }

  get hasTransactions(): boolean {
    return this.#transactions !== undefined
  }

  /** Ends the transaction being added, and returns its id. */
  endTransaction(): ValueId {
    return transactionId(this.transactionTable.end())
  }

  /** The micro-operations of all transactions. */
  microOperations(): MicroOperations | undefined {
    return this.#transactions?.columns()
  }

  /** The range of a transaction's micro-operations. */
  microRange(id: number): MicroRange | undefined {
    return isTransactionId(id) ? this.#transactions?.range(transactionOf(id)) : undefined
  }

  /** Whether both values are transactions with different writes. */
  writesDiffer(requested: number, answered: number): boolean {
    if (!isTransactionId(requested) || !isTransactionId(answered)) return false
    return !this.transactionTable.hasSameWrites(transactionOf(requested), transactionOf(answered))
  }

  /**
   * Returns the id of a list that a micro-operation read. `key` is the id of the micro-operation's key. Equal lists of
   * a key have equal ids.
   */
  idOfList(key: number, elements: readonly Json[], depth: number): ValueId {
    const lists = this.listTable
    let list = lists.empty(key)
    for (const element of elements) list = lists.longer(list, this.id(element, depth + 1))
    return listId(list)
  }

  get listTable(): ListTable {
    this.#lists ??= new ListTable(this.#memory)
    return this.#lists
  }

  lists(): Lists | undefined {
    return this.#lists?.columns()
  }

  /** The value id of a list. */
  static listId(list: number): ValueId {
    return listId(list)
  }

  /** Returns the number of the list with this value id in `listTable`; -1 if the id belongs to any other value. */
  static listOf(id: number): number {
    return isListId(id) ? (FIRST_LIST - id) / 4 : -1
  }

  /** The id of the value with the canonical text bytes[start, end), which must not be the text of a small integer. */
  idOfCanonical(bytes: Uint8Array, start: number, end: number): ValueId {
    return (this.#texts.intern(bytes, start, end) << 1) as ValueId
  }

  /** Like `idOfCanonical`, with a hash for `ByteTable.internHashed`. */
  idOfHashed(hash: number, bytes: Uint8Array, start: number, end: number): ValueId {
    return (this.#texts.internHashed(hash, bytes, start, end) << 1) as ValueId
  }

  /** The value of an id, created anew on each call, with members ordered by name. */
  json(id: ValueId): Json {
    if ((id & 1) === 1) return id >> 1
    if (id === NULL) return null
    if (isTransactionId(id)) return this.transactionTable.json(transactionOf(id))
    if (isListId(id)) {
      const elements = this.listTable.elements(ValueTable.listOf(id))
      return Array.from(elements, (element) => this.json(element as ValueId))
    }
    // Most values are plain strings, which need no parsing.
    return this.#texts.unquoted(id >> 1) ?? (JSON.parse(this.#texts.text(id >> 1)) as Json)
  }

  get sizeBytes(): number {
    return this.#texts.sizeBytes + (this.#transactions?.sizeBytes ?? 0) + (this.#lists?.sizeBytes ?? 0)
  }

  /** Number of values stored in the table, including null. */
  get size(): number {
    return this.#texts.length
  }
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)

/** JSON text with sorted members. Throws on values nested deeper than 500 levels. */
export function canonical(value: Json, depth = 0): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (depth >= MAXIMUM_DEPTH) throw tooDeep()
  if (isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name] ?? null, depth + 1)}`)
  return `{${members.join(',')}}`
}
