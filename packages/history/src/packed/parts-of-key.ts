import type { Columns } from '../columns/columns.ts'
import { INFO } from '../columns/history-columns.ts'
import type { History } from '../history/history.ts'
import type { LentHistory } from '../history/history-data.ts'
import { ByteTable } from '../tables/byte-table.ts'
import { ValueTable } from '../tables/value.ts'
import type { Packed } from './packer.ts'
import { copyRow, emptyUnpacked, RowReader, sortRows, type Unpacked, unpack } from './row-reader.ts'
import { historyOfRows, type Meanings, meaningsAt } from './unpacked.ts'

/** The number of rows unpacked at a time. */
const ROWS = 2 ** 16
/**
 * Maximum size of the table of values, and of the table of error texts. A table that exceeds it is replaced by an empty
 * one.
 */
const MOST_TEXT_BYTES = 2 ** 22

/** A key, and the group of keys (see `Dealing`) that contains it. The name '' stands for no key. */
export interface PlacedKey {
  readonly place: number
  readonly key: string
}

/** Returns the number of operations of each key in the group `place` (see `Dealing`). The name '' stands for no key. */
export function operationsByKey(all: readonly Packed[], place: number): ReadonlyMap<string, number> {
  const operations = new Map<string, number>()
  for (const { keys, places, counts } of all) {
    const names = new ByteTable(undefined, keys)
    for (let key = 0; key < places.length; key++) {
      const count = counts[key] ?? 0
      if (places[key] !== place || count === 0) continue
      const name = key === 0 ? '' : names.text(key - 1)
      operations.set(name, (operations.get(name) ?? 0) + count)
    }
  }
  return operations
}

/**
 * Unpacks the operations of one key some thousand at a time, and passes each part to `take` until `take` returns false.
 * An operation comes before all operations that were called after its return; an operation of unknown outcome may come
 * later. `take` must not keep a part, because parts share columns.
 */
export function eachPartOfKey(
  rest: LentHistory,
  all: readonly Packed[],
  wanted: PlacedKey,
  take: (part: History) => boolean,
): boolean {
  const names = meaningsAt(all, wanted.place)
  const ofKey = keyIn(names, wanted)
  const into = emptyUnpacked(ROWS)
  const reaching = reachingRows(all, names, wanted, ofKey)
  const handOver = (some: Unpacked): boolean =>
    some.columns.length === 0 ||
    take(historyOfRows(rest, some, { keys: names.keys.texts(), functions: names.functions }))
  for (const [n, packed] of all.entries()) {
    const [rows, meaning] = [packed.rows[wanted.place], names.meanings[n]]
    if (isReaching(packed) || rows === undefined || meaning === undefined) continue
    const reader = new RowReader(rows.pages, into)
    for (let left = rows.count; left > 0; left -= ROWS) {
      empty(into)
      for (let i = Math.min(left, ROWS); i > 0; i--) reader.next(meaning)
      if (ofKey !== undefined) into.columns.keep(ofKey, true)
      reaching.joinBefore(lastCall(into.columns), into)
      if (!handOver(into)) return false
    }
  }
  return handOver(reaching.left())
}

function keyIn({ keys }: Meanings, { key }: PlacedKey): ((columns: Columns, row: number) => boolean) | undefined {
  const names = keys.texts()
  if (names.length === 1 && names[0] === key) return undefined
  const number = key === '' ? -1 : names.indexOf(key)
  return (columns, row) => columns.key[row] === number
}

/**
 * Whether the part holds the operations that cross stretches of a recording: they were called in one stretch, and
 * answered in a later one or never. Only this part has `at`. It comes after the parts of all stretches.
 */
const isReaching = ({ at }: Packed): boolean => at !== undefined

interface ReachingRows {
  /** Adds the operations called before this position, except those of unknown outcome. */
  joinBefore(position: number, into: Unpacked): void
  /** Returns the operations that `joinBefore` has not added. */
  left(): Unpacked
}

function reachingRows(
  all: readonly Packed[],
  { meanings }: Meanings,
  { place }: PlacedKey,
  ofKey: ((columns: Columns, row: number) => boolean) | undefined,
): ReachingRows {
  const own = all.map((packed) => (isReaching(packed) ? packed.rows[place] : undefined))
  const rows = emptyUnpacked(own.reduce((sum, each) => sum + (each?.count ?? 0), 0))
  for (const [n, meaning] of meanings.entries()) {
    const packed = own[n]
    if (packed !== undefined) unpack(packed, rows, meaning, ofKey)
  }
  const { columns } = rows
  sortRows(columns, true)
  const isKnown = ({ outcome }: Columns, row: number): boolean => outcome[row] !== INFO
  let next = 0
  return {
    joinBefore(position, into) {
      const before = into.columns.length
      for (; next < columns.length && (columns.callEvent[next] ?? 0) < position; next += 1) {
        if (isKnown(columns, next)) copyRow(rows, next, into)
      }
      if (into.columns.length > before) sortRows(into.columns, true)
    },
    left() {
      const from = next
      columns.keep((some, row) => row >= from || !isKnown(some, row), true)
      return rows
    },
  }
}

function empty(into: Unpacked): void {
  into.columns.error.fill(0, 0, into.columns.length)
  into.columns.length = 0
  if (into.values.sizeBytes > MOST_TEXT_BYTES) into.values = new ValueTable()
  if (into.errors.sizeBytes > MOST_TEXT_BYTES) into.errors = new ByteTable()
}

function lastCall({ length, callEvent }: Columns): number {
  let last = -1
  for (let row = 0; row < length; row++) last = Math.max(last, callEvent[row] ?? 0)
  return last
}
