import { inHeap, type Memory } from '../tables/memory.ts'
import type { ValueId, ValueTable } from '../tables/value.ts'
import type { Operations } from './history-columns.ts'

type Column = Int32Array | Uint8Array | Float64Array

/** Bytes of a row in all columns: ten columns of 4 bytes, two of 8, three of 1. */
export const ROW_BYTES = 59
/** One buffer of text adds fewer rows than this. */
const ROWS_OF_A_BUFFER = 1 << 16

/** The columns of `Operations` during reading. When all `capacity` rows are used, the capacity doubles. */
export class Columns {
  length = 0
  capacity: number
  process: Int32Array
  f: Uint8Array
  key: Int32Array
  input: Int32Array
  output: Int32Array
  outcome: Uint8Array
  callEvent: Int32Array
  returnEvent: Int32Array
  callTime: Float64Array
  returnTime: Float64Array
  node: Int32Array
  flags: Uint8Array
  callLine: Int32Array
  returnLine: Int32Array
  /** The number of the error's text; 0 for none. */
  error: Int32Array

  readonly #memory: Memory

  /** Unused capacity costs only address space, so a generous estimate is cheap. */
  constructor(capacity: number, memory: Memory = inHeap) {
    this.capacity = capacity
    this.#memory = memory
    this.process = memory.int32Array(capacity)
    this.f = memory.uint8Array(capacity)
    this.key = memory.int32Array(capacity)
    this.input = memory.int32Array(capacity)
    this.output = memory.int32Array(capacity)
    this.outcome = memory.uint8Array(capacity)
    this.callEvent = memory.int32Array(capacity)
    this.returnEvent = memory.int32Array(capacity)
    this.callTime = memory.float64Array(capacity)
    this.returnTime = memory.float64Array(capacity)
    this.node = memory.int32Array(capacity)
    this.flags = memory.uint8Array(capacity)
    this.callLine = memory.int32Array(capacity)
    this.returnLine = memory.int32Array(capacity)
    this.error = memory.int32Array(capacity)
  }

  /**
   * The size of the rows in bytes. If the next buffer of events may fill the columns, returns twice the size, because
   * full columns are doubled.
   */
  get sizeBytes(): number {
    const bytes = this.length * ROW_BYTES
    return this.length + ROWS_OF_A_BUFFER < this.capacity ? bytes : 2 * bytes
  }

  grow(): void {
    this.capacity *= 2
    const size = this.capacity
    const memory = this.#memory
    this.process = copied(this.process, memory.int32Array(size))
    this.f = copied(this.f, memory.uint8Array(size))
    this.key = copied(this.key, memory.int32Array(size))
    this.input = copied(this.input, memory.int32Array(size))
    this.output = copied(this.output, memory.int32Array(size))
    this.outcome = copied(this.outcome, memory.uint8Array(size))
    this.callEvent = copied(this.callEvent, memory.int32Array(size))
    this.returnEvent = copied(this.returnEvent, memory.int32Array(size))
    this.callTime = copied(this.callTime, memory.float64Array(size))
    this.returnTime = copied(this.returnTime, memory.float64Array(size))
    this.node = copied(this.node, memory.int32Array(size))
    this.flags = copied(this.flags, memory.uint8Array(size))
    this.callLine = copied(this.callLine, memory.int32Array(size))
    this.returnLine = copied(this.returnLine, memory.int32Array(size))
    this.error = copied(this.error, memory.int32Array(size))
  }

  completeAs(row: number, other: number): void {
    const { output, outcome, returnEvent, returnTime, returnLine, node, error } = this
    for (const column of [output, outcome, returnEvent, returnTime, returnLine, node, error])
      column[row] = column[other] ?? 0
  }

  /** Removes rows for which `isKept` is false. Unfilled columns stay empty. */
  keep(isKept: (columns: Columns, row: number) => boolean, isUnpacked: boolean): void {
    const columns = isUnpacked ? this.#unpacked() : this.#all()
    let next = 0
    for (let row = 0; row < this.length; row += 1) {
      if (!isKept(this, row)) continue
      if (next < row) for (const column of columns) column[next] = column[row] ?? 0
      next += 1
    }
    this.length = next
  }

  /** Passes completed rows to `take`, and removes them. `open`: by process, the row in flight. */
  release(open: Int32Array, take: (columns: Columns, row: number) => void): void {
    const columns = this.#all()
    let next = 0
    for (let row = 0; row < this.length; row += 1) {
      const process = this.process[row] ?? 0
      if (open[process] !== row) take(this, row)
      else {
        if (next < row) for (const column of columns) column[next] = column[row] ?? 0
        open[process] = next
        next += 1
      }
    }
    // Unused rows must be 0 in these columns, because an invocation does not fill them.
    this.error.fill(0, next, this.length)
    this.returnLine.fill(0, next, this.length)
    this.length = next
  }

  /** Adds a copy of a row and returns its number. */
  add(other: Columns, from: number): number {
    const row = this.length
    if (row === this.capacity) this.grow()
    this.length = row + 1
    const [own, others] = [this.#all(), other.#all()]
    for (const [n, column] of own.entries()) column[row] = others[n]?.[from] ?? 0
    return row
  }

  /** Reorders the rows. Unfilled columns stay empty. */
  arrange(order: Int32Array, isUnpacked: boolean): void {
    for (const column of isUnpacked ? this.#unpacked() : this.#all()) {
      const before = column.slice(0, order.length)
      for (let row = 0; row < order.length; row += 1) column[row] = before[order[row] ?? 0] ?? 0
    }
  }

  /** Replaces the value ids of all rows, which refer to `from`, by ids in `to`. Returns `to`. */
  withValues(from: ValueTable, to: ValueTable): ValueTable {
    for (const column of [this.input, this.output])
      for (let row = 0; row < this.length; row += 1) column[row] = to.id(from.json((column[row] ?? 0) as ValueId))
    return to
  }

  /** The columns that unpacking fills in. */
  #unpacked(): readonly Column[] {
    const { f, key, input, output, outcome, callEvent, returnEvent, flags, error } = this
    return [f, key, input, output, outcome, callEvent, returnEvent, flags, error]
  }

  #all(): readonly Column[] {
    const { process, f, key, input, output, outcome, callEvent, returnEvent } = this
    const { callTime, returnTime, node, flags, callLine, returnLine, error } = this
    const ofCall = [process, f, key, input, node, flags, callEvent, callTime, callLine]
    return [...ofCall, output, outcome, error, returnEvent, returnTime, returnLine]
  }

  /** Views of the used rows. */
  operations(): Operations {
    const end = this.length
    // If all rows are used, the columns need no views. For a short history, creating the views would take longer than
    // filling in the columns.
    if (end === this.capacity) return this
    const used = <T extends Column>(column: T) => column.subarray(0, end) as T
    return {
      length: end,
      process: used(this.process),
      f: used(this.f),
      key: used(this.key),
      input: used(this.input),
      output: used(this.output),
      outcome: used(this.outcome),
      callEvent: used(this.callEvent),
      returnEvent: used(this.returnEvent),
      callTime: used(this.callTime),
      returnTime: used(this.returnTime),
      node: used(this.node),
      flags: used(this.flags),
      callLine: used(this.callLine),
      returnLine: used(this.returnLine),
    }
  }
}

function copied<T extends Column>(from: T, to: T): T {
  to.set(from)
  return to
}
