import { NotSupported } from '../sql/error.ts'
import type { Index } from '../storage/model.ts'
import { quoteIdentifier } from '../types/format-type.ts'
import type { Table } from './table.ts'

/** Returns the statement that creates an index, as `pg_get_indexdef` prints it (ruleutils.c). */
export function indexDefinition(index: Index, table: Table): string {
  if (index.condition !== undefined) throw new NotSupported('pg_get_indexdef of a partial index')
  const columns = index.columns.map((_, at) => {
    const order = index.orders[at]
    if (order === undefined) throw new NotSupported('pg_get_indexdef of an index with an operator class')
    return definedColumn(index, table, at + 1) + order
  })
  const included = index.included.map((_, at) => definedColumn(index, table, columns.length + at + 1))
  const on = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`
  return [
    `CREATE ${index.unique ? 'UNIQUE ' : ''}INDEX ${quoteIdentifier(index.name)} ON ${table.partitioned === undefined ? '' : 'ONLY '}${on}`,
    `USING ${index.method} (${columns.join(', ')})`,
    ...(included.length === 0 ? [] : [`INCLUDE (${included.join(', ')})`]),
    ...(index.nullsNotDistinct ? ['NULLS NOT DISTINCT'] : []),
  ].join(' ')
}

/** Returns the name of the index column at a position, counted from 1. */
export function definedColumn(index: Index, table: Table, position: number): string {
  const places = [...index.columns, ...index.included]
  if (position < 1 || position > places.length) return ''
  const place = places[position - 1]
  if (place === undefined) throw new NotSupported('pg_get_indexdef of an index over expressions')
  return quoteIdentifier(table.columns[place]?.name ?? '')
}
