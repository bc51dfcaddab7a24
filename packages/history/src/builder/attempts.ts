import type { Columns } from '../columns/columns.ts'
import { FAIL, FLAG_UNSAID, INFO, OK } from '../columns/history-columns.ts'
import type { EventInput } from '../event/event.ts'
import { meaningOf, readsWhole } from '../operations/meaning.ts'
import { ByteTable } from '../tables/byte-table.ts'
import { int32Array } from '../tables/memory.ts'
import { canonical } from '../tables/value.ts'

/**
 * A request id that probably names several operations: at `line`, one of its attempts began after the first
 * acknowledgement. If `isEqual`, the attempts are equal additions, and were merged into one operation. Otherwise the
 * outcome of the attempt at `line` became unknown.
 */
export interface SharedId {
  readonly id: string
  readonly line: number
  readonly isEqual: boolean
}

/**
 * Merges the attempts at a request with the same `requestId` into one operation, which takes effect at most once. The
 * operation begins at the first attempt that may have taken effect, and ends at the first acknowledgement. An attempt
 * that certainly failed stays a separate operation, unless it began after the first acknowledgement: then it is
 * removed.
 *
 * Some ids name several operations, for example an id that identifies a client. With such an id, an attempt that began
 * after the first acknowledgement may be a new request, so the outcome of this attempt becomes unknown.
 */
export class Attempts {
  readonly #ids: ByteTable = new ByteTable()
  /** The rows with a request id, in ascending order. `#idOfRow` has the number of each row's id. */
  readonly #rows: number[] = []
  readonly #idOfRow: number[] = []
  /** The rows of reads with a request id, in ascending order. `#idOfRead` has the number of each row's id. */
  readonly #reads: number[] = []
  readonly #idOfRead: number[] = []
  #isAnyRepeated = false

  note(row: number, { f, extra }: EventInput): void {
    if (extra === undefined) return
    const { requestId, part } = extra
    if (typeof requestId !== 'string' && typeof requestId !== 'number') return
    const known = this.#ids.length
    const isPlain = part === undefined && typeof requestId === 'string'
    const id = this.#ids.internText(
      isPlain ? requestId : canonical(part === undefined ? [requestId] : [requestId, part]),
    )
    if (id < known) this.#isAnyRepeated = true
    // Repeating a read has no effect, so each attempt is an operation.
    const isRead = readsWhole(f)
    const [rows, ids] = isRead ? [this.#reads, this.#idOfRead] : [this.#rows, this.#idOfRow]
    rows.push(row)
    ids.push(id)
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0
  }

  get sizeBytes(): number {
    return this.#ids.sizeBytes + 2 * NUMBER_BYTES * (this.#rows.length + this.#reads.length)
  }

  /**
   * Merges the attempts at each operation into one row. Returns an id that probably names several operations, if there
   * is any.
   */
  merge(columns: Columns, functions: ByteTable): SharedId | undefined {
    if (!this.#isAnyRepeated) return undefined
    const superfluous = new Set<number>()
    const doubtful: { readonly id: number; readonly row: number }[] = []
    let equal: { readonly id: number; readonly row: number } | undefined
    const shared = this.#sharedIds(columns)
    for (const { id, rows } of this.#byOperation(columns)) {
      const { removed, again } = mergedInto(columns, rows)
      for (const row of removed) superfluous.add(row)
      for (const row of again)
        if (shared.has(id)) doubtful.push({ id, row })
        else {
          superfluous.add(row)
          if (meaningOf(functions.text(columns.f[row] ?? 0))?.accumulates === true) equal ??= { id, row }
        }
    }
    for (const { row } of doubtful) makeUnknown(columns, row)
    const [example = equal] = doubtful
    const found = example && {
      id: this.#ids.text(example.id),
      line: columns.callLine[example.row] ?? 0,
      isEqual: example === equal,
    }
    columns.keep((_, row) => !superfluous.has(row), false)
    return found
  }

  /** The ids that name several operations. */
  #sharedIds(columns: Columns): ReadonlySet<number> {
    const first = new Map<number, string>()
    const shared = new Set<number>()
    const see = (rows: readonly number[], ids: readonly number[]): void =>
      rows.forEach((row, i) => {
        const id = ids[i] ?? 0
        const name = operationName(columns, row)
        if ((first.get(id) ?? name) !== name) shared.add(id)
        else first.set(id, name)
      })
    see(this.#rows, this.#idOfRow)
    see(this.#reads, this.#idOfRead)
    return shared
  }

  #byOperation(columns: Columns): readonly { readonly id: number; readonly rows: readonly number[] }[] {
    const attempts = int32Array(this.#ids.length)
    for (const id of this.#idOfRow) attempts[id] = (attempts[id] ?? 0) + 1
    const groups = new Map<string, { readonly id: number; readonly rows: number[] }>()
    this.#rows.forEach((row, i) => {
      const id = this.#idOfRow[i] ?? 0
      if ((attempts[id] ?? 0) < 2) return
      const name = `${id} ${operationName(columns, row)}`
      const group = groups.get(name)
      if (group === undefined) groups.set(name, { id, rows: [row] })
      else group.rows.push(row)
    })
    return [...groups.values()].filter(({ rows }) => rows.length > 1)
  }
}

const operationName = ({ f, key, input, flags }: Columns, row: number): string =>
  `${f[row]} ${key[row]} ${((flags[row] ?? 0) & FLAG_UNSAID) === 0 ? input[row] : 'unsaid'}`

function makeUnknown({ outcome, output, input }: Columns, row: number): void {
  outcome[row] = INFO
  output[row] = input[row] ?? 0
}

const NUMBER_BYTES = 8

/**
 * Merges the attempts at a request into the first one that may have taken effect. Returns `removed`, the rows that are
 * now superfluous. Also returns `again`, the attempts that began after the first acknowledgement and did not fail.
 */
function mergedInto(
  columns: Columns,
  rows: readonly number[],
): { readonly removed: readonly number[]; readonly again: readonly number[] } {
  const { outcome, callEvent, returnEvent, flags, output } = columns
  const acknowledged = rows.filter((row) => outcome[row] === OK)
  const [kept, ...others] = rows.filter((row) => outcome[row] !== FAIL)
  if (kept === undefined) return { removed: [], again: [] }
  const [first, ...later] = acknowledged.sort((a, b) => (returnEvent[a] ?? 0) - (returnEvent[b] ?? 0))
  if (first === undefined) return { removed: others, again: [] }
  // If the invocation had no value, the operation's input is the value of its answer. So attempts with different
  // answers have different inputs, and are not merged.
  const isInputMissing = ((flags[kept] ?? 0) & FLAG_UNSAID) !== 0
  if (isInputMissing && later.some((row) => output[row] !== output[first])) return { removed: [], again: [] }
  const end = returnEvent[first] ?? 0
  const isLater = (row: number): boolean => (callEvent[row] ?? 0) > end
  const refusedLater = rows.filter((row) => outcome[row] === FAIL && isLater(row))
  columns.completeAs(kept, first)
  const again = isInputMissing ? [] : others.filter(isLater)
  return { removed: [...others.filter((row) => !again.includes(row)), ...refusedLater], again }
}
