import type { Json } from '../event/event.ts'
import { ByteTable, type ByteTableData } from './byte-table.ts'
import { inHeap, type Memory } from './memory.ts'

/** The functions whose value is a transaction: a list of micro-operations, such as `[["append","x",1],["r","x",[1]]]`. */
const names: readonly string[] = ['txn', 'transact']

export const isTransaction = (f: string): boolean => names.includes(f)

/** In place of a value: the micro-operation has none. */
export const NO_MICRO_VALUE = -2

const MOST_KINDS = 256
const MAXIMUM_MICRO_LENGTH = 3

/**
 * The micro-operations of all transactions, one typed array per column. A transaction is a range of rows; equal ones
 * share it.
 */
export interface MicroOperations {
  readonly length: number
  /** What it does: index into `kinds` (`append`, `r`, `w`). */
  readonly kind: Uint8Array
  readonly kinds: readonly string[]
  /** Ids in the history's values. */
  readonly key: Int32Array
  /** The value written or read; NO_MICRO_VALUE if none is given. */
  readonly value: Int32Array
}

/** The rows of one transaction: `from` (inclusive) to `to` (exclusive). */
export interface MicroRange {
  readonly from: number
  readonly to: number
}

/** A table as plain data. In shared memory, other threads get it without a copy. */
export interface TransactionData {
  readonly lists: number
  readonly rows: number
  readonly starts: Int32Array
  readonly slots: Int32Array
  readonly kind: Uint8Array
  readonly key: Int32Array
  readonly value: Int32Array
  readonly kinds: ByteTableData
}

/** The table of values that micro-operations refer to. */
interface Values {
  id(value: Json): number
  json(id: number): Json
}

/**
 * Numbers distinct transactions 0, 1, 2, … in the order they first appear, and stores them as columns instead of text.
 */
export class TransactionTable {
  readonly #values: Values
  readonly #memory: Memory
  readonly #kinds: ByteTable
  #lists = 0
  #rows = 0
  /** By list: the start of its rows; one more element marks the end of the last list. */
  #starts: Int32Array
  #slots: Int32Array
  #kind: Uint8Array
  #key: Int32Array
  #value: Int32Array
  /** Whether others share this table: then it is copied before anything is added. */
  #isLent: boolean

  constructor(values: Values, memory: Memory = inHeap, data?: TransactionData) {
    this.#values = values
    this.#memory = memory
    this.#kinds = new ByteTable(memory, data?.kinds)
    this.#lists = data?.lists ?? 0
    this.#rows = data?.rows ?? 0
    this.#starts = data?.starts ?? memory.int32Array(64)
    this.#slots = data?.slots ?? memory.int32Array(128)
    this.#kind = data?.kind ?? memory.uint8Array(128)
    this.#key = data?.key ?? memory.int32Array(128)
    this.#value = data?.value ?? memory.int32Array(128)
    this.#isLent = data !== undefined
  }

  get length(): number {
    return this.#lists
  }

  get sizeBytes(): number {
    const { byteLength } = this.#starts
    return (
      2 * (byteLength + this.#slots.byteLength + this.#kind.byteLength + this.#key.byteLength + this.#value.byteLength)
    )
  }

  data(): TransactionData {
    this.#isLent = true
    return {
      lists: this.#lists,
      rows: this.#rows,
      starts: this.#starts,
      slots: this.#slots,
      kind: this.#kind,
      key: this.#key,
      value: this.#value,
      kinds: this.#kinds.data(),
    }
  }

  /** All present micro-operations. */
  columns(): MicroOperations {
    return {
      length: this.#rows,
      kind: this.#kind.subarray(0, this.#rows),
      kinds: this.#kinds.texts(),
      key: this.#key.subarray(0, this.#rows),
      value: this.#value.subarray(0, this.#rows),
    }
  }

  range(list: number): MicroRange {
    return { from: this.#starts[list] ?? 0, to: this.#starts[list + 1] ?? 0 }
  }

  /** The number of this transaction; undefined if the value is not a transaction, or has one kind too many. */
  intern(value: Json): number | undefined {
    if (!isListOfMicroOperations(value)) return undefined
    if (this.#isLent) this.#takeBack()
    const from = this.#rows
    let hash = value.length
    for (const [kind, key, held] of value) {
      const number = this.#kinds.internText(kind)
      if (number >= MOST_KINDS) {
        this.#rows = from
        return undefined
      }
      hash = this.#add(hash, number, this.#values.id(key), held === undefined ? NO_MICRO_VALUE : this.#values.id(held))
    }
    return this.#find(hash, from)
  }

  json(list: number): Json {
    const { from, to } = this.range(list)
    return Array.from({ length: to - from }, (_, i): Json => {
      const row = from + i
      const kind = this.#kinds.text(this.#kind[row] ?? 0)
      const key = this.#values.json(this.#key[row] ?? 0)
      const value = this.#value[row] ?? NO_MICRO_VALUE
      return value === NO_MICRO_VALUE ? [kind, key] : [kind, key, this.#values.json(value)]
    })
  }

  #add(hash: number, kind: number, key: number, value: number): number {
    const row = this.#rows
    if (row === this.#kind.length) this.#growRows()
    this.#kind[row] = kind
    this.#key[row] = key
    this.#value[row] = value
    this.#rows = row + 1
    return mixed(mixed(mixed(hash, kind), key), value)
  }

  /** The number of the list whose rows were added last, or of the equal one that was already known. */
  #find(hash: number, from: number): number {
    const slots = this.#slots
    const mask = slots.length / 2 - 1
    let slot = hash & mask
    for (;;) {
      const list = (slots[2 * slot] ?? 0) - 1
      if (list < 0) break
      if (slots[2 * slot + 1] === hash && this.#equals(list, from)) {
        this.#rows = from
        return list
      }
      slot = (slot + 1) & mask
    }
    const list = this.#lists
    if (list + 2 > this.#starts.length)
      this.#starts = copied(this.#starts, this.#memory.int32Array(2 * this.#starts.length))
    this.#starts[list] = from
    this.#starts[list + 1] = this.#rows
    slots[2 * slot] = list + 1
    slots[2 * slot + 1] = hash
    this.#lists = list + 1
    if (2 * this.#lists > mask) this.#growSlots()
    return list
  }

  #equals(list: number, from: number): boolean {
    const start = this.#starts[list] ?? 0
    const size = this.#rows - from
    if ((this.#starts[list + 1] ?? 0) - start !== size) return false
    for (let i = 0; i < size; i++) {
      if (this.#kind[start + i] !== this.#kind[from + i] || this.#key[start + i] !== this.#key[from + i]) return false
      if (this.#value[start + i] !== this.#value[from + i]) return false
    }
    return true
  }

  #growRows(): void {
    const size = 2 * this.#kind.length
    this.#kind = copied(this.#kind, this.#memory.uint8Array(size))
    this.#key = copied(this.#key, this.#memory.int32Array(size))
    this.#value = copied(this.#value, this.#memory.int32Array(size))
  }

  #growSlots(): void {
    const old = this.#slots
    const slots = this.#memory.int32Array(2 * old.length)
    const mask = slots.length / 2 - 1
    for (let at = 0; at < old.length; at += 2) {
      const list = old[at] ?? 0
      const hash = old[at + 1] ?? 0
      if (list === 0) continue
      let slot = hash & mask
      while (slots[2 * slot] !== 0) slot = (slot + 1) & mask
      slots[2 * slot] = list
      slots[2 * slot + 1] = hash
    }
    this.#slots = slots
  }

  #takeBack(): void {
    this.#starts = this.#starts.slice()
    this.#slots = this.#slots.slice()
    this.#kind = this.#kind.slice()
    this.#key = this.#key.slice()
    this.#value = this.#value.slice()
    this.#isLent = false
  }
}

type MicroOperation = readonly [kind: string, key: Json, value?: Json]

/** Whether each item is `[kind, key]` or `[kind, key, value]`. */
function isListOfMicroOperations(value: Json): value is readonly MicroOperation[] & Json {
  if (!Array.isArray(value)) return false
  return value.every(
    (item: Json) =>
      Array.isArray(item) && item.length >= 2 && item.length <= MAXIMUM_MICRO_LENGTH && typeof item[0] === 'string',
  )
}

const mixed = (hash: number, next: number): number => {
  const product = Math.imul(hash ^ next, 0x9e3779b1)
  return product ^ (product >>> 15)
}

function copied<Column extends Int32Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
