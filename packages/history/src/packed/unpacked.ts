import { ByteTable } from '../byte-table.ts'
import type { History } from '../history.ts'
import { historyOf } from '../lending.ts'
import type { LentHistory } from '../lent-history.ts'
import { ValueTable } from '../value.ts'
import type { Packed } from './packer.ts'
import { emptyUnpacked, sortRows, unpack } from './row-reader.ts'
import type { Tally } from './tally.ts'

/**
 * The operations of one place as a history of their own, in which they have their positions and nothing of the processes,
 * times, nodes and lines. Keys are in order of their first appearance.
 */
export function historyOfPlace(rest: LentHistory, all: readonly Packed[], place: number): History {
  const rows = all.map((packed) => packed.rows[place])
  const unpacked = emptyUnpacked(rows.reduce((sum, each) => sum + (each?.count ?? 0), 0))
  const keys = new ByteTable()
  const functions = [...new Set(all.flatMap((packed) => packed.functions))]
  let position = 0
  for (const [n, packed] of all.entries()) {
    const packedRows = rows[n]
    const meaning = {
      keys: keysOfPlace(packed, place, keys),
      functions: Uint8Array.from(packed.functions, (f) => functions.indexOf(f)),
      position: packed.at ?? position,
    }
    if (packedRows !== undefined) unpack(packedRows, unpacked, meaning)
    position += packed.clientEvents
  }
  sortRows(unpacked.columns, true)
  return historyOf({
    ...rest,
    operations: unpacked.columns.operations(),
    values: unpacked.values,
    functions,
    keys: keys.texts(),
    nodes: [],
    nemesis: [],
    processNames: [0],
    sessions: undefined,
    errorColumn: unpacked.columns.error,
    errors: unpacked.errors,
  })
}

/** By number of a key in the rows of the place, 0 for none: its number in the table. */
function keysOfPlace({ keys: data, places }: Packed, place: number, table: ByteTable): Int32Array {
  const names = new ByteTable(undefined, data)
  const numbers = [-1]
  for (let key = 1; key < places.length; key++)
    if (places[key] === place) numbers.push(table.internText(names.text(key - 1)))
  return Int32Array.from(numbers)
}

/** A history of which only what was counted is left. */
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
