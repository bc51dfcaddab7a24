import type { Columns } from '../columns/columns.ts'
import { FAIL, FLAG_UNSAID, OK } from '../columns/history-columns.ts'
import type { EventInput } from '../event/event.ts'
import { readsWhole } from '../operations/meaning.ts'
import { ByteTable } from '../tables/byte-table.ts'
import { int32Array } from '../tables/memory.ts'
import { canonical } from '../tables/value.ts'

/**
 * Merges the attempts at a request with the same `requestId` into one operation, which takes effect at most once. It
 * begins at the first attempt that may have taken effect, and ends at the first acknowledgement. An attempt that
 * certainly failed stays a separate operation.
 */
export class Attempts {
  readonly #ids: ByteTable = new ByteTable()
  /** The rows with a request id, ascending, and the index of each row's id in `#ids`. */
  readonly #rows: number[] = []
  readonly #idOfRow: number[] = []
  #isAnyRepeated = false

  note(row: number, { f, extra }: EventInput): void {
    // Repeating a read has no effect, so each attempt is an operation.
    if (extra === undefined || typeof extra['requestId'] !== 'string' || readsWhole(f)) return
    const { requestId, part } = extra
    const known = this.#ids.length
    const id = this.#ids.internText(part === undefined ? requestId : canonical([requestId, part]))
    if (id < known) this.#isAnyRepeated = true
    this.#rows.push(row)
    this.#idOfRow.push(id)
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0
  }

  get sizeBytes(): number {
    return this.#ids.sizeBytes + 2 * NUMBER_BYTES * this.#rows.length
  }

  /** Merges the attempts at each operation into one row. */
  merge(columns: Columns): void {
    if (!this.#isAnyRepeated) return
    const superfluous = new Set<number>()
    for (const rows of this.#byOperation(columns)) for (const row of mergedInto(columns, rows)) superfluous.add(row)
    columns.keep((_, row) => !superfluous.has(row), false)
  }

  #byOperation({ f, key, input, flags }: Columns): readonly (readonly number[])[] {
    const attempts = int32Array(this.#ids.length)
    for (const id of this.#idOfRow) attempts[id] = (attempts[id] ?? 0) + 1
    const groups = new Map<string, number[]>()
    this.#rows.forEach((row, i) => {
      const id = this.#idOfRow[i] ?? 0
      if ((attempts[id] ?? 0) < 2) return
      const isInputMissing = ((flags[row] ?? 0) & FLAG_UNSAID) !== 0
      const name = `${id} ${f[row]} ${key[row]} ${isInputMissing ? 'unsaid' : input[row]}`
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [row])
      else group.push(row)
    })
    return [...groups.values()].filter(({ length }) => length > 1)
  }
}

const NUMBER_BYTES = 8

/** Merges `rows` into the first row that may have taken effect, and returns the superfluous rows. */
function mergedInto(columns: Columns, rows: readonly number[]): readonly number[] {
  const { outcome, callEvent, returnEvent, flags, output } = columns
  const acknowledged = rows.filter((row) => outcome[row] === OK)
  const [kept, ...others] = rows.filter((row) => outcome[row] !== FAIL)
  if (kept === undefined) return []
  const [first, ...later] = acknowledged.sort((a, b) => (returnEvent[a] ?? 0) - (returnEvent[b] ?? 0))
  if (first === undefined) return others
  // If the invocation had no value, the answer gives the input. Different answers then mean different operations.
  const isInputMissing = ((flags[kept] ?? 0) & FLAG_UNSAID) !== 0
  if (isInputMissing && later.some((row) => output[row] !== output[first])) return []
  const end = returnEvent[first] ?? 0
  const refusedLater = rows.filter((row) => outcome[row] === FAIL && (callEvent[row] ?? 0) > end)
  columns.completeAs(kept, first)
  return [...others, ...refusedLater]
}
