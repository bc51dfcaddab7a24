import type { Json } from '../event/event.ts'
import { functionNames, meaningOf } from '../operations/meaning.ts'
import { ByteTable, type ByteTableData } from './byte-table.ts'
import { inHeap, type Memory } from './memory.ts'

/** The functions whose value is a list of micro-operations: `[["append","x",1],["r","x",[1]]]`. */
export const transactionNames: readonly string[] = functionNames.filter((f) => meaningOf(f)?.effect === 'transacts')

export const isTransaction = (f: string): boolean => transactionNames.includes(f)

/** Stands for the value of a micro-operation that has no value. */
export const NO_MICRO_VALUE = -2

const MOST_KINDS = 256
const MAXIMUM_MICRO_LENGTH = 3

/**
 * All micro-operations, one typed array per column. A transaction is a range of rows. Equal transactions share a range.
 */
export interface MicroOperations {
  readonly length: number
  readonly kind: Uint8Array
  readonly kinds: readonly string[]
  /** The ids of the keys in `History.values`. */
  readonly key: Int32Array
  /** The ids of the values in `History.values`, or `NO_MICRO_VALUE`. */
  readonly value: Int32Array
}

export interface MicroRange {
  readonly from: number
  readonly to: number
}

/** A table of transactions as plain data. In shared memory, threads receive it without a copy. */
export interface TransactionData {
  readonly length: number
  readonly rows: number
  readonly starts: Int32Array
  readonly slots: Int32Array
  readonly kind: Uint8Array
  readonly key: Int32Array
  readonly value: Int32Array
  readonly kinds: ByteTableData
}

interface Values {
  id(value: Json, depth: number): number
  idOfList(key: number, elements: readonly Json[], depth: number): number
  json(id: number): Json
}

/** Whether a micro-operation of this kind has a list as its value. */
const holdsLists = (kind: string): boolean => kind !== APPEND

export const APPEND = 'append'
/** Matches kinds that read or compare a value: `["r<","x",40]`. */
const READS = /^r(?:ead$|[!=<>]|$)/

/** How deep the keys and values of micro-operations are nested in the value of a transaction. */
const MICRO_DEPTH = 2

export class TransactionTable {
  readonly #values: Values
  readonly #memory: Memory
  readonly kinds: ByteTable
  /** By kind. */
  readonly #areReads: boolean[] = []
  #length: number
  #rows: number
  #hash = 0
  /** The index of each transaction's first row. The last element is the number of all rows. */
  #starts: Int32Array
  #slots: Int32Array
  #kind: Uint8Array
  #key: Int32Array
  #value: Int32Array
  /** Whether another table may use this memory. It is then copied before anything is added. */
  #isLent: boolean

  constructor(values: Values, memory: Memory = inHeap, data?: TransactionData) {
    this.#values = values
    this.#memory = memory
    this.kinds = new ByteTable(memory, data?.kinds)
    this.#length = data?.length ?? 0
    this.#rows = data?.rows ?? 0
    this.#starts = data?.starts ?? memory.int32Array(64)
    this.#slots = data?.slots ?? memory.int32Array(128)
    this.#kind = data?.kind ?? memory.uint8Array(128)
    this.#key = data?.key ?? memory.int32Array(128)
    this.#value = data?.value ?? memory.int32Array(128)
    this.#isLent = data !== undefined
  }

  get length(): number {
    return this.#length
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
      length: this.#length,
      rows: this.#end,
      starts: this.#starts,
      slots: this.#slots,
      kind: this.#kind,
      key: this.#key,
      value: this.#value,
      kinds: this.kinds.data(),
    }
  }

  /** All present micro-operations. */
  columns(): MicroOperations {
    const rows = this.#end
    return {
      length: rows,
      kind: this.#kind.subarray(0, rows),
      kinds: this.kinds.texts(),
      key: this.#key.subarray(0, rows),
      value: this.#value.subarray(0, rows),
    }
  }

  get #end(): number {
    return this.#starts[this.#length] ?? 0
  }

  range(transaction: number): MicroRange {
    return { from: this.#starts[transaction] ?? 0, to: this.#starts[transaction + 1] ?? 0 }
  }

  /** Returns the number of a transaction; undefined for a value that the table cannot store as a transaction. */
  intern(value: Json): number | undefined {
    if (!isListOfMicroOperations(value)) return undefined
    this.begin()
    for (const [name, key, held] of value) {
      const kind = this.kinds.internText(name)
      if (!this.canAdd(kind)) return undefined
      const keyId = this.#values.id(key, MICRO_DEPTH)
      this.add(kind, keyId, held === undefined ? NO_MICRO_VALUE : this.#held(name, keyId, held))
    }
    return this.end()
  }

  #held(kind: string, key: number, value: Json): number {
    return Array.isArray(value) && holdsLists(kind)
      ? this.#values.idOfList(key, value, MICRO_DEPTH)
      : this.#values.id(value, MICRO_DEPTH)
  }

  begin(): void {
    if (this.#isLent) this.#takeBack()
    this.#rows = this.#end
    this.#hash = 0
  }

  canAdd(kind: number): boolean {
    return kind < MOST_KINDS
  }

  add(kind: number, key: number, value: number): void {
    const row = this.#rows
    if (row === this.#kind.length) this.#growRows()
    this.#kind[row] = kind
    this.#key[row] = key
    this.#value[row] = value
    this.#rows = row + 1
    this.#hash = mixed(mixed(mixed(this.#hash, kind), key), value)
  }

  /** Ends the transaction and returns its number. Equal transactions have the same number. */
  end(): number {
    const hash = this.#hash
    const slots = this.#slots
    const mask = slots.length / 2 - 1
    let slot = hash & mask
    for (;;) {
      const known = (slots[2 * slot] ?? 0) - 1
      if (known < 0) break
      if (slots[2 * slot + 1] === hash && this.#equals(known)) return known
      slot = (slot + 1) & mask
    }
    const added = this.#length
    if (added + 2 > this.#starts.length)
      this.#starts = copied(this.#starts, this.#memory.int32Array(2 * this.#starts.length))
    this.#starts[added + 1] = this.#rows
    slots[2 * slot] = added + 1
    slots[2 * slot + 1] = hash
    this.#length = added + 1
    if (2 * this.#length > mask) this.#growSlots()
    return added
  }

  json(transaction: number): Json {
    const { from, to } = this.range(transaction)
    return Array.from({ length: to - from }, (_, i): Json => {
      const row = from + i
      const kind = this.kinds.text(this.#kind[row] ?? 0)
      const key = this.#values.json(this.#key[row] ?? 0)
      const value = this.#value[row] ?? NO_MICRO_VALUE
      return value === NO_MICRO_VALUE ? [kind, key] : [kind, key, this.#values.json(value)]
    })
  }

  /** Whether the answer has the requested writes, in order. Reads may differ. */
  hasSameWrites(requested: number, answered: number): boolean {
    const { from, to } = this.range(requested)
    if (from === to) return true
    const ends = this.range(answered)
    let at = ends.from
    for (let row = from; row < to; row++) {
      if (this.#isRead(row)) continue
      while (at < ends.to && this.#isRead(at)) at++
      if (at === ends.to || !this.#rowsAreEqual(row, at)) return false
      at++
    }
    while (at < ends.to && this.#isRead(at)) at++
    return at === ends.to
  }

  #isRead(row: number): boolean {
    while (this.#areReads.length < this.kinds.length)
      this.#areReads.push(READS.test(this.kinds.text(this.#areReads.length)))
    return this.#areReads[this.#kind[row] ?? 0] === true
  }

  #equals(known: number): boolean {
    const start = this.#starts[known] ?? 0
    const from = this.#end
    const size = this.#rows - from
    if ((this.#starts[known + 1] ?? 0) - start !== size) return false
    for (let i = 0; i < size; i++) if (!this.#rowsAreEqual(start + i, from + i)) return false
    return true
  }

  #rowsAreEqual(one: number, other: number): boolean {
    return (
      this.#kind[one] === this.#kind[other] &&
      this.#key[one] === this.#key[other] &&
      this.#value[one] === this.#value[other]
    )
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
      const entry = old[at] ?? 0
      const hash = old[at + 1] ?? 0
      if (entry === 0) continue
      let slot = hash & mask
      while (slots[2 * slot] !== 0) slot = (slot + 1) & mask
      slots[2 * slot] = entry
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
