import { Columns } from '../columns/columns.ts'
import { ByteTable } from '../tables/byte-table.ts'
import { NULL, smallIntegerId, type ValueId, ValueTable } from '../tables/value.ts'
import type { PackedRows } from './packed-rows.ts'
import * as form from './packed-rows.ts'

const { FIRST_IS_TEXT, HAS_ERROR, HAS_FLAGS, NO_VALUES, ONE_VALUE, OUTPUT_ONLY, SECOND_IS_TEXT } = form
const { TWO_VALUES, VALUES_SHIFT } = form

const NO_PAGE = new Uint8Array(0)

export interface Unpacked {
  readonly columns: Columns
  values: ValueTable
  errors: ByteTable
}

export const emptyUnpacked = (rows: number): Unpacked => ({
  columns: new Columns(Math.max(1, rows)),
  values: new ValueTable(),
  errors: new ByteTable(),
})

/** Adds a copy of a row, with its values and its error. */
export function copyRow(from: Unpacked, row: number, { columns, values, errors }: Unpacked): void {
  const added = columns.add(from.columns, row)
  const { input, output, error } = columns
  input[added] = values.id(from.values.json((input[added] ?? 0) as ValueId))
  output[added] = values.id(from.values.json((output[added] ?? 0) as ValueId))
  const text = error[added] ?? 0
  if (text !== 0) error[added] = errors.internText(from.errors.text(text - 1)) + 1
}

/** Translates the keys, functions and event positions of packed rows to those of the columns. */
export interface Meaning {
  /** Translates a key's number in packed rows to its number in the columns. In packed rows, 0 stands for no key. */
  readonly keys: Int32Array
  /** Translates a function's number in packed rows to its number in the columns. */
  readonly functions: Uint8Array
  /** Event positions in the rows are relative to this position. */
  readonly position: number
}

/** Adds packed rows to columns, which must have room for all. */
export function unpack(
  { count, pages }: PackedRows,
  into: Unpacked,
  meaning: Meaning,
  isWanted?: (columns: Columns, row: number) => boolean,
): void {
  const reader = new RowReader(pages, into)
  if (isWanted === undefined) for (let i = 0; i < count; i++) reader.next(meaning)
  else
    for (let i = 0; i < count; i++) {
      reader.next(meaning)
      const row = into.columns.length - 1
      if (isWanted(into.columns, row)) continue
      into.columns.error[row] = 0
      into.columns.length = row
    }
}

export class RowReader {
  readonly #left: Iterator<Uint8Array>
  readonly #into: Unpacked
  #page: Uint8Array = NO_PAGE
  #at = 0
  #call = 0

  constructor(pages: readonly Uint8Array[], into: Unpacked) {
    this.#left = pages[Symbol.iterator]()
    this.#into = into
  }

  next({ keys, functions, position }: Meaning): void {
    if (this.#at >= this.#page.length) this.#turn()
    const { columns } = this.#into
    const row = columns.length
    columns.length = row + 1
    const since = this.#number()
    this.#call += (since & 1) === 0 ? since / 2 : -(since + 1) / 2
    const lasted = this.#number()
    const key = this.#number()
    const f = this.#page[this.#at++] ?? 0
    const what = this.#page[this.#at++] ?? 0
    const flags = (what & HAS_FLAGS) === 0 ? 0 : (this.#page[this.#at++] ?? 0)
    const which = (what >> VALUES_SHIFT) & 3
    const first = which === NO_VALUES ? NULL : this.#value((what & FIRST_IS_TEXT) !== 0)
    const second = which === TWO_VALUES ? this.#value((what & SECOND_IS_TEXT) !== 0) : first
    columns.f[row] = functions[f] ?? 0
    columns.key[row] = keys[key] ?? -1
    columns.input[row] = which === OUTPUT_ONLY ? NULL : first
    columns.output[row] = which === ONE_VALUE ? first : second
    columns.outcome[row] = what & 3
    columns.callEvent[row] = this.#call + position
    columns.returnEvent[row] = lasted === 0 ? -1 : this.#call + lasted + position
    columns.flags[row] = flags
    if ((what & HAS_ERROR) !== 0) columns.error[row] = this.#text(this.#into.errors) + 1
  }

  #turn(): void {
    this.#page = this.#left.next().value ?? NO_PAGE
    this.#at = 0
  }

  #value(isText: boolean): number {
    if (isText) return this.#text(this.#into.values.texts) << 1
    const number = this.#number()
    return smallIntegerId((number & 1) === 0 ? number / 2 : -(number + 1) / 2)
  }

  #text(texts: ByteTable): number {
    const size = this.#number()
    const from = this.#at
    this.#at = from + size
    return texts.intern(this.#page, from, this.#at)
  }

  #number(): number {
    const page = this.#page
    let at = this.#at
    let byte = page[at++] ?? 0
    let number = byte & 127
    let shift = 7
    while (byte > 127) {
      byte = page[at++] ?? 0
      number = shift < 28 ? number | ((byte & 127) << shift) : number + (byte & 127) * 2 ** shift
      shift += 7
    }
    this.#at = at
    return number
  }
}

/** Sorts rows by call. Usually few rows are out of order. */
export function sortRows(columns: Columns, isUnpacked: boolean): void {
  const { length, callEvent } = columns
  const late: number[] = []
  const inOrder = new Int32Array(length)
  let count = 0
  let last = -1
  for (let row = 0; row < length; row++) {
    const call = callEvent[row] ?? 0
    if (call < last) late.push(row)
    else {
      inOrder[count++] = row
      last = call
    }
  }
  if (late.length === 0) return
  late.sort((a, b) => (callEvent[a] ?? 0) - (callEvent[b] ?? 0))
  const order = new Int32Array(length)
  let [next, at] = [0, 0]
  for (let place = 0; place < length; place++) {
    const row = late[next]
    const other = inOrder[at] ?? 0
    const isLate = row !== undefined && (at >= count || (callEvent[row] ?? 0) < (callEvent[other] ?? 0))
    order[place] = isLate ? row : other
    if (isLate) next += 1
    else at += 1
  }
  columns.arrange(order, isUnpacked)
}
