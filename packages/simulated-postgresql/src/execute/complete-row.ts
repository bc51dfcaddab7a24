import { columnsOf, type Table } from '../catalogue/table.ts'
import type { Env } from '../expressions/env.ts'
import { SqlError } from '../sql/error.ts'
import { firstBytes } from '../types/utf8.ts'
import type { SqlValue } from '../types/value.ts'
import type { Run, TableFacts } from './model.ts'

export function completeRow(facts: TableFacts, row: SqlValue[], run: Run): void {
  const env: Env = { row, parameters: [], session: run }
  for (const { place, compiled } of facts.generated) row[place] = compiled.evaluate(env)
  const table = partitionFor(facts.table, row, run)
  for (const column of table.columns) {
    if (!column.notNull || column.dropped || (row[column.attribute - 1] ?? null) !== null) continue
    throw new SqlError(
      '23502',
      `null value in column "${column.name}" of relation "${table.name}" violates not-null constraint`,
      {
        detail: failingRow(table, row, run),
        schema: table.schema,
        table: table.name,
        column: column.name,
      },
    )
  }
  for (const { name, compiled } of facts.checks)
    if (compiled.evaluate(env) === false)
      throw new SqlError('23514', `new row for relation "${table.name}" violates check constraint "${name}"`, {
        detail: failingRow(table, row, run),
        schema: table.schema,
        table: table.name,
        constraint: name,
      })
}

/** Returns the partition that a row belongs to. */
function partitionFor(table: Table, row: readonly SqlValue[], run: Run): Table {
  const { partitioned } = table
  if (partitioned === undefined) return table
  const found = partitioned.partitions.find(({ holds }) => holds(row))
  if (found !== undefined) return found.table
  const column = table.columns[partitioned.place]
  const value = row[partitioned.place] ?? null
  const text = column === undefined || value === null ? 'null' : run.types.typeOf(column.type.oid).output(value, run)
  throw new SqlError('23514', `no partition of relation "${table.name}" found for row`, {
    detail: `Partition key of the failing row contains (${column?.name}) = (${text}).`,
    schema: table.schema,
    table: table.name,
  })
}

/** The longest value, in bytes, that is shown in full (ExecBuildSlotValueDescription). */
const SHOWN_BYTES = 64

function failingRow(table: Table, row: readonly SqlValue[], run: Run): string {
  const texts = columnsOf(table).map((column) => {
    const value = row[column.attribute - 1] ?? null
    const text = value === null ? 'null' : run.types.typeOf(column.type.oid).output(value, run)
    const start = firstBytes(text, SHOWN_BYTES)
    return start === text ? text : `${start}...`
  })
  return `Failing row contains (${texts.join(', ')}).`
}
