import type { Columns } from '../columns/columns.ts'
import type { Tally } from '../columns/tally.ts'
import type { History } from '../history/history.ts'
import type { LentHistory } from '../history/history-data.ts'
import { historyOf } from '../history/lending.ts'
import { ByteTable } from '../tables/byte-table.ts'
import { ValueTable } from '../tables/value.ts'
import type { Packed } from './packer.ts'
import { emptyUnpacked, type Meaning, sortRows, type Unpacked, unpack } from './row-reader.ts'

/**
 * Returns the operations of one place (a group of keys, see `Dealing`) as a history. Leaves out the keys in `without`.
 * The operations keep their positions, but lose their processes, times, nodes and lines. Keys are numbered in order of
 * first appearance.
 */
export function historyOfPlace(
  rest: LentHistory,
  all: readonly Packed[],
  place: number,
  without: ReadonlySet<string> = NONE,
): History {
  const { keys, functions, meanings } = meaningsAt(all, place)
  const isKept = ['', ...keys.texts()].map((name) => !without.has(name))
  const isWanted = ({ key }: Columns, row: number): boolean => isKept[(key[row] ?? -1) + 1] === true
  const rows = all.map((packed) => packed.rows[place])
  const unpacked = emptyUnpacked(rows.reduce((sum, each) => sum + (each?.count ?? 0), 0))
  for (const [n, meaning] of meanings.entries()) {
    const packedRows = rows[n]
    if (packedRows !== undefined) unpack(packedRows, unpacked, meaning, without.size > 0 ? isWanted : undefined)
  }
  sortRows(unpacked.columns, true)
  return historyOfRows(rest, unpacked, { keys: keys.texts(), functions })
}

const NONE: ReadonlySet<string> = new Set()

/**
 * The keys and functions of one place (a group of keys, see `Dealing`). Each `Packed` numbers keys and functions in its
 * own way. `meanings` translates the numbers, with one entry for each `Packed`.
 */
export interface Meanings {
  readonly keys: ByteTable
  readonly functions: readonly string[]
  readonly meanings: readonly Meaning[]
}

export function meaningsAt(all: readonly Packed[], place: number): Meanings {
  const keys = new ByteTable()
  const functions = [...new Set(all.flatMap((packed) => packed.functions))]
  let position = 0
  const meanings = all.map((packed): Meaning => {
    const meaning = {
      keys: keysOfPlace(packed, place, keys),
      functions: Uint8Array.from(packed.functions, (f) => functions.indexOf(f)),
      position: packed.at ?? position,
    }
    position += packed.clientEvents
    return meaning
  })
  return { keys, functions, meanings }
}

export const historyOfRows = (
  rest: LentHistory,
  { columns, values, errors }: Unpacked,
  names: { readonly keys: readonly string[]; readonly functions: readonly string[] },
): History =>
  historyOf({
    ...rest,
    ...names,
    ...{ operations: columns.operations(), values, errorColumn: columns.error, errors },
    ...{ nodes: [], nemesis: [], processNames: [0], sessions: undefined },
  })

/**
 * Maps the key numbers in the rows of a place (a group of keys) to numbers in `table`, and adds the keys to `table`.
 * Number 0, no key, becomes -1.
 */
function keysOfPlace({ keys: data, places }: Packed, place: number, table: ByteTable): Int32Array {
  const names = new ByteTable(undefined, data)
  const numbers = [-1]
  for (let key = 1; key < places.length; key++)
    if (places[key] === place) numbers.push(table.internText(names.text(key - 1)))
  return Int32Array.from(numbers)
}

export function historyOfTally(rest: LentHistory, tally: Tally): History {
  const { lend: _, ...history } = historyOf({
    ...rest,
    operations: { ...rest.operations, length: tally.operations },
    functions: tally.functions.map(({ f }) => f),
    values: new ValueTable(undefined, rest.values),
    errors: new ByteTable(undefined, rest.errors),
  })
  return { ...history, tally }
}
