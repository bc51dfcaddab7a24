import { COLUMN_FLAG, type ColumnDefinition, TYPE, type Value } from '@chaosproxy/wire/mysql'
import type { BackendMessage, FieldValue } from '@chaosproxy/wire/postgresql'
import type { Token } from '../postgresql/sql-tokens.ts'
import type { Result } from './answer.ts'

// Converts results of MySQL to the form of PostgreSQL.

/** PostgreSQL type numbers that `readColumn` and `textOf` read: int8, text, numeric and jsonb. */
const OID = { int8: 20, text: 25, numeric: 1700, jsonb: 3802 } as const

const TYPES: ReadonlyMap<number, number> = new Map<number, number>([
  ...[TYPE.tiny, TYPE.short, TYPE.long, TYPE.longlong, TYPE.int24].map((type) => [type, OID.int8] as const),
  ...[TYPE.varchar, TYPE.varString, TYPE.string, 249, 250, 251, TYPE.blob].map((type) => [type, OID.text] as const),
  [0, OID.numeric],
  [TYPE.newDecimal, OID.numeric],
  [TYPE.json, OID.jsonb],
  // The type number 16 is BIT in MySQL but boolean in PostgreSQL. Therefore read BIT as an unknown type.
  [TYPE.bit, 255],
])

/**
 * Returns the number of the PostgreSQL type that is equivalent to a MySQL type. If there is none, returns the number of
 * the MySQL type. Values of such a type are never compared as text.
 */
function typeOf({ type, flags }: ColumnDefinition): number {
  if ((flags & COLUMN_FLAG.enum) !== 0) return TYPE.enum
  return (flags & COLUMN_FLAG.set) !== 0 ? TYPE.set : (TYPES.get(type) ?? type)
}

/** Stands for an unread value: no text has these bytes. */
const UNREAD = Buffer.from([0xff])

export const fieldOf = (value: Value): FieldValue => (value === 'unread' ? UNREAD : value)

export function resultMessages(result: Result, first: string): readonly BackendMessage[] {
  if (result.kind === 'count') {
    const { affected, insertId } = result.ok
    return first === 'insert' && affected === 1 && insertId !== '0' ? [rowOf([Buffer.from(insertId)])] : []
  }
  const columns = result.columns.map((column) => ({
    ...{ name: column.name.toLowerCase(), table: 0, attribute: 0, type: typeOf(column), size: -1, modifier: -1 },
    format: 0 as const,
  }))
  return [{ kind: 'row-description', columns }, ...result.rows.map((row) => rowOf(row.map(fieldOf)))]
}

const rowOf = (values: readonly FieldValue[]): BackendMessage => ({ kind: 'data-row', values })

/** PostgreSQL's command tag for a result; undefined if the number of matched rows is unknown. */
export function tagOf(result: Result, tokens: readonly Token[], countsFound: boolean): string | undefined {
  const first = tokens[0]?.text ?? ''
  if (result.kind === 'rows') {
    const name = COUNTED[first] ?? 'SELECT'
    return `${name} ${result.rows.length}`
  }
  const { affected, info } = result.ok
  const name = COUNTED[first]
  if (name === undefined) return first.toUpperCase()
  if (first !== 'update') return `${name} ${affected}`
  const found = countsFound ? affected : FOUND.exec(info)?.[1]
  return found === undefined ? undefined : `${name} ${found}`
}

const COUNTED: { readonly [first: string]: string } = { insert: 'INSERT 0', update: 'UPDATE', delete: 'DELETE' }
/** Matches `Rows matched: 1 Changed: 0 Warnings: 0` in any language. */
const FOUND = /^\D*(\d+)\D+\d+\D+\d+\D*$/
