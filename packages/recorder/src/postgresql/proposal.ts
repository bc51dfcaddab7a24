import type { ColumnType, IndirectWrites } from './recorded-table.ts'

/** The facts about a database that decide which of its tables can be recorded. */
export interface Catalogue {
  readonly tables: readonly CatalogueTable[]
  readonly writers: readonly IndirectWriter[]
  /** The bodies of user-defined functions and views. */
  readonly definitions: readonly Definition[]
}

/** A trigger, rule, cascade, view or child table, by which a write changes other tables. */
interface IndirectWriter {
  /** The table or view that a statement names. */
  readonly table: string
  /**
   * The statements on `table` that cause the indirect write: all statements that write, only DELETE, or only UPDATE.
   */
  readonly by: 'write' | 'delete' | 'update'
  /** The columns whose UPDATE causes the write. */
  readonly columns?: readonly string[] | undefined
  /** `foreign key accounts_owner_fkey`. */
  readonly name: string
  /** Text that names the written objects. */
  readonly text: string
}

interface Definition {
  readonly name: string
  readonly text: string
  /** Whether the definition may write tables that the text does not name. */
  readonly isOpaque: boolean
}

export interface CatalogueTable {
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'view' | 'other'
  /** The columns of the primary key; empty for a table without a primary key. */
  readonly primaryKey: readonly string[]
  readonly columns: readonly CatalogueColumn[]
  readonly triggers: readonly string[]
}

interface CatalogueColumn {
  readonly name: string
  readonly type: string
}

type DatabaseKind = 'postgresql' | 'mysql'

export interface Proposal {
  readonly as: {
    readonly kind: DatabaseKind
    readonly tables: { readonly [table: string]: { readonly key: string; readonly values: Values } }
    readonly transactions: 'whole'
    readonly indirect: 'none' | { readonly [table: string]: IndirectWrites }
  }
  readonly leftOut: readonly string[]
}

type Values = readonly string[] | { readonly [column: string]: ColumnType }

/**
 * Proposes the tables and columns to record.
 *
 * @param statements SQL of the application in any form: only tables that it names are proposed. By default all tables.
 */
export function proposeTables(
  catalogue: Catalogue,
  { kind = 'postgresql', statements }: { readonly kind?: DatabaseKind; readonly statements?: string | undefined } = {},
): Proposal {
  const named = statements === undefined ? undefined : wordsOf(statements)
  const leftOut: string[] = []
  const tables: { [table: string]: Proposal['as']['tables'][string] } = {}
  for (const table of catalogue.tables) {
    if (named?.has(table.name.toLowerCase()) === false) continue
    const [key, ...others] = table.primaryKey
    const read = table.columns.filter(({ name, type }) => name !== key && (kind !== 'mysql' || !UNREAD.test(type)))
    const why = Object.hasOwn(tables, table.name)
      ? 'another schema has a table of this name'
      : reasonAgainst(table, read)
    if (why !== undefined || key === undefined || others.length > 0)
      leftOut.push(`${table.schema}.${table.name}: ${why ?? 'it has no primary key'}`)
    else {
      tables[table.name] = { key, values: valuesOf(read) }
      for (const { name, type } of table.columns)
        if (name !== key && !read.some((column) => column.name === name))
          leftOut.push(`${table.schema}.${table.name}.${name}: its values, ${type}, are not read`)
    }
  }
  const indirect = indirectWrites(catalogue, Object.keys(tables))
  return { as: { kind, tables, transactions: 'whole', indirect }, leftOut }
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu))

/**
 * For each table, returns the tables of `proposed` that also change when a statement writes this table, for example
 * through a trigger. `none` if there are none.
 */
function indirectWrites(
  { tables, writers, definitions }: Catalogue,
  proposed: readonly string[],
): Proposal['as']['indirect'] {
  /**
   * Returns the tables that a text names, directly or through functions and views. If one of these functions or views
   * is opaque, returns all tables.
   */
  const namedIn = (text: string, seen: Set<string> = new Set()): readonly string[] => {
    const words = wordsOf(text)
    const isNamed = (name: string): boolean =>
      words.has(name.toLowerCase()) || (!/^[\w$]+$/.test(name) && text.includes(name))
    const called = definitions.filter(({ name }) => words.has(name.toLowerCase()) && !seen.has(name))
    for (const { name } of called) seen.add(name)
    if (called.some(({ isOpaque }) => isOpaque)) return tables.map(({ name }) => name)
    const own = tables.flatMap(({ name }) => (isNamed(name) ? [name] : []))
    return [...own, ...called.flatMap((definition) => namedIn(definition.text, seen))]
  }
  const direct = writers.map((writer) => ({ ...writer, reached: namedIn(writer.text) }))
  const found = [...new Set(writers.map(({ table }) => table))].flatMap((table) => {
    const own = direct.filter((each) => each.table === table)
    const reachedBy = (some: readonly (typeof direct)[number][]): readonly string[] => {
      const reached = new Set(some.flatMap((each) => each.reached))
      // The loop also visits names added on the way.
      for (const name of reached)
        for (const further of direct) if (further.table === name) for (const each of further.reached) reached.add(each)
      return proposed.filter((name) => reached.has(name))
    }
    const write = reachedBy(own.filter(({ by }) => by === 'write')).filter((name) => name !== table)
    const others = (some: typeof own) => reachedBy(some).filter((name) => !write.includes(name))
    const deleted = others(own.filter(({ by }) => by === 'delete'))
    const updates = own.filter(({ by }) => by === 'update')
    const update = [...new Set(updates.flatMap(({ columns = [] }) => columns))].flatMap((column) => {
      const tables = others(updates.filter(({ columns = [] }) => columns.includes(column)))
      return tables.length === 0 ? [] : [[column, tables] as const]
    })
    const members = {
      ...(write.length === 0 ? {} : { write }),
      ...(deleted.length === 0 ? {} : { delete: deleted }),
      ...(update.length === 0 ? {} : { update: Object.fromEntries(update) }),
    }
    const by = [...new Set(own.flatMap((each) => (reachedBy([each]).length === 0 ? [] : [each.name])))]
    return Object.keys(members).length === 0 ? [] : [[table, { ...members, by }] as const]
  })
  return found.length === 0 ? 'none' : Object.fromEntries(found)
}

function reasonAgainst(
  { kind, primaryKey, triggers }: CatalogueTable,
  read: readonly CatalogueColumn[],
): string | undefined {
  if (kind === 'view') return 'it is a view; statements through it would not be seen as those of its tables'
  if (kind === 'other') return 'it is no ordinary table'
  if (primaryKey.length === 0) return 'it has no primary key, by which rows are named'
  if (primaryKey.length > 1) return `its primary key is (${primaryKey.join(', ')}); rows are named by one column`
  if (triggers.length > 0)
    return `${triggers.join(', ')} may write values that no statement shows; add the table to the mapping if these writes change no recorded column`
  return read.length === 0 ? 'no column besides its key is read' : undefined
}

function valuesOf(columns: readonly CatalogueColumn[]): Values {
  const types = columns.map(({ name, type }) => [name, columnType(type)] as const)
  return types.every(([, type]) => type === 'text') ? types.map(([name]) => name) : Object.fromEntries(types)
}

/** MySQL types whose values the server may change or spell in several ways. */
const UNREAD =
  /^(float|double|real|date|time|year|enum|set|bit|geometry|point|linestring|polygon|binary|varbinary|\w*blob)/
const NUMERIC =
  /^(tinyint|smallint|mediumint|int|integer|bigint|real|double precision|numeric|decimal)(\([\d,]*\))?( unsigned)?( zerofill)?$/

function columnType(type: string): ColumnType {
  if (type === 'boolean' || type === 'tinyint(1)') return 'boolean'
  if (NUMERIC.test(type)) return 'numeric'
  return type === 'json' || type === 'jsonb' ? 'json' : 'text'
}
