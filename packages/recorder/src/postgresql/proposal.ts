import type { ColumnType } from './recorded-table.ts'

/** A table or view of a database, as its catalogue describes it. */
export interface CatalogueTable {
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'view' | 'other'
  /** The columns of its primary key; none without one. */
  readonly primaryKey: readonly string[]
  readonly columns: readonly CatalogueColumn[]
  /** The names of its triggers and rules. */
  readonly triggers: readonly string[]
}

export interface CatalogueColumn {
  readonly name: string
  /** As `format_type` writes it: `bigint`, `numeric(10,2)`. */
  readonly type: string
}

/** What records the transactions of a database whole. */
export interface Proposal {
  readonly as: {
    readonly kind: 'postgresql'
    readonly tables: { readonly [table: string]: { readonly key: string; readonly values: Values } }
    readonly transactions: 'whole'
  }
  /** The tables that were left out, each with the reason. */
  readonly leftOut: readonly string[]
}

type Values = readonly string[] | { readonly [column: string]: ColumnType }

/**
 * Proposes which tables and columns to record.
 *
 * @param statements SQL that the application sends, in any form: only tables that it names are proposed. By default all.
 */
export function proposeTables(catalogue: readonly CatalogueTable[], statements?: string): Proposal {
  const named =
    statements === undefined ? undefined : new Set(statements.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu))
  const leftOut: string[] = []
  const tables: { [table: string]: Proposal['as']['tables'][string] } = {}
  for (const table of catalogue) {
    if (named?.has(table.name.toLowerCase()) === false) continue
    const [key, ...others] = table.primaryKey
    const why = Object.hasOwn(tables, table.name) ? 'another schema has a table of this name' : reasonAgainst(table)
    if (why !== undefined || key === undefined || others.length > 0)
      leftOut.push(`${table.schema}.${table.name}: ${why ?? 'it has no primary key'}`)
    else tables[table.name] = { key, values: valuesOf(table.columns.filter(({ name }) => name !== key)) }
  }
  return { as: { kind: 'postgresql', tables, transactions: 'whole' }, leftOut }
}

function reasonAgainst({ kind, primaryKey, columns, triggers }: CatalogueTable): string | undefined {
  if (kind === 'view') return 'it is a view; statements through it would not be seen as those of its tables'
  if (kind === 'other') return 'it is no ordinary table'
  if (primaryKey.length === 0) return 'it has no primary key, by which rows are named'
  if (primaryKey.length > 1) return `its primary key is (${primaryKey.join(', ')}); rows are named by one column`
  if (triggers.length > 0)
    return `${triggers.join(', ')} may write what the wire does not show; add the table if that changes no recorded column`
  return columns.length === 1 ? 'it has no column besides its key' : undefined
}

function valuesOf(columns: readonly CatalogueColumn[]): Values {
  const types = columns.map(({ name, type }) => [name, columnType(type)] as const)
  return types.every(([, type]) => type === 'text') ? types.map(([name]) => name) : Object.fromEntries(types)
}

function columnType(type: string): ColumnType {
  if (/^(smallint|integer|bigint|real|double precision|numeric(\(.*\))?)$/.test(type)) return 'numeric'
  if (type === 'boolean') return 'boolean'
  return type === 'json' || type === 'jsonb' ? 'json' : 'text'
}
