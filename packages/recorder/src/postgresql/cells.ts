import type { Touches } from '../record/call.ts'
import type { RecordedTable } from './recorded-table.ts'

// The names of recorded objects: a cell is `accounts/7/balance`, its row `accounts/7`.

export const rowName = (table: RecordedTable, key: string): string => `${table.name}/${key}`

export const cellName = (table: RecordedTable, key: string, column: string): string => `${table.name}/${key}/${column}`

export const rowOfCell = (cell: string): string => cell.slice(0, cell.lastIndexOf('/'))

export const columnOfCell = (cell: string): string => cell.slice(cell.lastIndexOf('/') + 1)

export const cellsOf = (table: RecordedTable, keys: readonly string[], columns: readonly string[]): Touches => ({
  keys: keys.flatMap((key) => columns.map((column) => cellName(table, key, column))),
})

/**
 * Returns the cells of these columns in every row of the table. In the names of the cells, `*` stands for every primary
 * key.
 */
export const everyCell = (table: RecordedTable, columns: Iterable<string> = table.values.keys()): Touches =>
  cellsOf(table, ['*'], [...columns])

export const everyCellOf = (tables: readonly RecordedTable[]): Touches => ({
  keys: tables.flatMap((table) => [...table.values.keys()].map((column) => cellName(table, '*', column))),
})
