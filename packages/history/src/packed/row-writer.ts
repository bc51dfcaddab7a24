import type { Columns } from '../columns/columns.ts'
import type { ByteTable } from '../tables/byte-table.ts'
import { inSharedMemory } from '../tables/memory.ts'
import { endOf, pageOf, startOf } from '../tables/placed-texts.ts'
import { NULL, ValueTable } from '../tables/value.ts'
import type { PackedRows } from './packed-rows.ts'
import * as form from './packed-rows.ts'

const { FIRST_IS_TEXT, HAS_ERROR, HAS_FLAGS, NO_VALUES, ONE_VALUE, OUTPUT_ONLY, SECOND_IS_TEXT } = form
const { TWO_VALUES, VALUES_SHIFT } = form

const FIRST_PAGE_BYTES = 2 ** 12
const PAGE_BYTES = 2 ** 18
/** Maximum number of bytes of a row without its texts. */
const ROW_BYTES = 48

const NO_PAGE = new Uint8Array(0)

export interface RowTables {
  readonly values: ValueTable
  readonly errors: ByteTable
}

export class RowWriter {
  #count = 0
  #bytes = 0
  #lastCall = 0
  #page: Uint8Array = NO_PAGE
  #at = 0
  readonly #pages: Uint8Array[] = []

  get sizeBytes(): number {
    return this.#bytes
  }

  add(columns: Columns, row: number, key: number, { values, errors }: RowTables): void {
    const input = columns.input[row] ?? 0
    const output = columns.output[row] ?? 0
    const error = (columns.error[row] ?? 0) - 1
    const flags = columns.flags[row] ?? 0
    let room = ROW_BYTES
    let what = columns.outcome[row] ?? 0
    const which =
      input === output ? (input === NULL ? NO_VALUES : ONE_VALUE) : input === NULL ? OUTPUT_ONLY : TWO_VALUES
    what |= which << VALUES_SHIFT
    const first = which === OUTPUT_ONLY ? output : input
    if (which !== NO_VALUES && (first & 1) === 0) {
      what |= FIRST_IS_TEXT
      room += values.lengthOf(first)
    }
    if (which === TWO_VALUES && (output & 1) === 0) {
      what |= SECOND_IS_TEXT
      room += values.lengthOf(output)
    }
    if (error >= 0) {
      what |= HAS_ERROR
      room += errors.lengthOf(error)
    }
    if (flags !== 0) what |= HAS_FLAGS
    if (this.#at + room > this.#page.length) this.#turn(room)
    const call = columns.callEvent[row] ?? 0
    const returned = columns.returnEvent[row] ?? 0
    const since = call - this.#lastCall
    this.#lastCall = call
    this.#number(since < 0 ? -2 * since - 1 : 2 * since)
    this.#number(returned < 0 ? 0 : returned - call)
    this.#number(key)
    const page = this.#page
    page[this.#at++] = columns.f[row] ?? 0
    page[this.#at++] = what
    if (flags !== 0) page[this.#at++] = flags
    if (which !== NO_VALUES) this.#value(first, values)
    if (which === TWO_VALUES) this.#value(output, values)
    if (error >= 0) this.#text(errors, error)
    this.#count += 1
  }

  packed(): PackedRows {
    // Cut the last page where the rows end.
    const last = this.#page.subarray(0, this.#at)
    return { count: this.#count, pages: this.#count === 0 ? [] : [...this.#pages.slice(0, -1), last] }
  }

  #turn(room: number): void {
    if (this.#pages.length > 0) this.#pages[this.#pages.length - 1] = this.#page.subarray(0, this.#at)
    const usual = Math.min(PAGE_BYTES, FIRST_PAGE_BYTES * 2 ** this.#pages.length)
    this.#page = inSharedMemory.uint8Array(Math.max(usual, room))
    this.#pages.push(this.#page)
    this.#bytes += this.#page.length
    this.#at = 0
  }

  #value(id: number, values: ValueTable): void {
    if ((id & 1) === 0) this.#text(values.texts, ValueTable.placeOf(id))
    else {
      const number = id >> 1
      this.#number(number < 0 ? -2 * number - 1 : 2 * number)
    }
  }

  #text(texts: ByteTable, entry: number): void {
    const placed = texts.placed()
    const [from, to] = [startOf(placed, entry), endOf(placed, entry)]
    this.#number(to - from)
    this.#page.set(pageOf(placed, entry).subarray(from, to), this.#at)
    this.#at += to - from
  }

  /** Below 2^32. */
  #number(given: number): void {
    const page = this.#page
    let at = this.#at
    let rest = given
    if (rest >= 2 ** 31) {
      page[at++] = (rest & 127) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      page[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    page[at++] = rest
    this.#at = at
  }
}
