import { NotSupported, SqlError, type SqlErrorFields } from './error.ts'

/** The system columns of a table in the order of their numbers -1, -2, … (heap.c). */
export const SYSTEM_COLUMNS = [
  { name: 'ctid', type: 'tid' },
  { name: 'xmin', type: 'xid' },
  { name: 'cmin', type: 'cid' },
  { name: 'xmax', type: 'xid' },
  { name: 'cmax', type: 'cid' },
  { name: 'tableoid', type: 'oid' },
] as const

export type SystemName = (typeof SYSTEM_COLUMNS)[number]['name']

export const isSystemColumn = (name: string): boolean => SYSTEM_COLUMNS.some((each) => each.name === name)

/** Returns the error for a missing column of the statement's own table. */
export function undefinedColumn(name: string, table: { readonly name: string }, fields: SqlErrorFields = {}): Error {
  return isSystemColumn(name)
    ? new NotSupported(`the system column ${name} at this place`)
    : new SqlError('42703', `column "${name}" of relation "${table.name}" does not exist`, fields)
}

export const unassignable = (name: string, table: { readonly name: string }, position: number): Error =>
  isSystemColumn(name)
    ? new SqlError('0A000', `cannot assign to system column "${name}"`, { position })
    : undefinedColumn(name, table, { position })
