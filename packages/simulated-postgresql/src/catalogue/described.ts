import { formatType } from '../types/format-type.ts'
import type { Catalogue } from './catalogue.ts'
import { columnsOf, type ForeignKey, type Table } from './table.ts'

export interface DescribedCatalogue {
  readonly tables: readonly DescribedTable[]
  readonly writers: readonly DescribedWriter[]
  readonly definitions: readonly DescribedRoutine[]
}

interface DescribedRoutine {
  readonly name: string
  readonly text: string
  /** Whether the routine may write tables that its text does not name. */
  readonly isOpaque: boolean
}

interface DescribedTable {
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'view'
  readonly primaryKey: readonly string[]
  /** The columns that statements can write, with their types as `format_type` prints them. */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly triggers: readonly string[]
}

/** A reason why a statement that writes `table` also writes another table: a view, a trigger or a foreign key. */
interface DescribedWriter {
  readonly table: string
  readonly by: 'write' | 'delete' | 'update'
  /** The updated columns; only for updates. */
  readonly columns?: readonly string[] | undefined
  readonly text: string
  /** The kind and the name of the view, trigger or key: `view rich`, `foreign key accounts_owner_fkey`. */
  readonly name: string
}

/** Returns all committed objects in the order of their names. */
export function describedCatalogue(catalogue: Catalogue): DescribedCatalogue {
  const nameOf = ({ schema, name }: Table): string => `${schema}.${name}`
  const tables = [...catalogue.visibleTables(undefined)].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
  return {
    tables: tables.map((table) => describedTable(table, catalogue)),
    writers: tables.flatMap((table) => [
      ...(table.view === undefined
        ? []
        : [
            {
              ...{ table: table.name, by: 'write' as const, text: JSON.stringify(table.view) },
              name: `view ${table.name}`,
            },
          ]),
      ...table.triggers.map(({ name, routine }) => ({
        ...{ table: table.name, by: 'write' as const, text: routine.name },
        name: `trigger ${name}`,
      })),
      ...table.foreignKeys.flatMap(writersBy),
    ]),
    definitions: catalogue.routines.all(undefined).map(({ name, text }) => ({
      name,
      text,
      isOpaque: /\bexecute\b/i.test(text),
    })),
  }
}

function describedTable(table: Table, { types }: Catalogue): DescribedTable {
  const primary = table.indexes.find((index) => index.primary)?.columns ?? []
  return {
    schema: table.schema,
    name: table.name,
    kind: table.view === undefined ? 'table' : 'view',
    primaryKey: primary.flatMap((place) => (place === undefined ? [] : (table.columns[place]?.name ?? []))),
    columns: columnsOf(table)
      .filter(({ generated }) => generated === undefined)
      .map(({ name, type }) => ({ name, type: formatType(types, type.oid, type.typmod) })),
    triggers: table.triggers.map(({ name }) => `trigger ${name}`),
  }
}

function writersBy(key: ForeignKey): readonly DescribedWriter[] {
  const { table, referenced, onDelete, onUpdate } = key
  const writer = { table: referenced.name, text: table.name, name: `foreign key ${key.name}` }
  const columns = key.referencedColumns.flatMap((place) => referenced.columns[place]?.name ?? [])
  return [
    ...(writes(onDelete) ? [{ ...writer, by: 'delete' as const }] : []),
    ...(writes(onUpdate) ? [{ ...writer, by: 'update' as const, columns }] : []),
  ]
}

const writes = (action: ForeignKey['onDelete']): boolean => action !== 'no action' && action !== 'restrict'
