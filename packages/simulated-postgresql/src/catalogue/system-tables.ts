import { SYSTEM_COLUMNS } from '../sql/system-columns.ts'
import { knownRelation } from '../sql/undefined.ts'
import type { Transaction } from '../storage/model.ts'
import { formatType } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import type { Types } from '../types/registry.ts'
import { SqlArray, type SqlType, type SqlValue } from '../types/value.ts'
import { type Catalogue, isTemporary } from './catalogue.ts'
import { columnsOf, kindOfRelation, type Table } from './table.ts'

/** A table of PostgreSQL's catalogue, as far as drivers and query builders ask: what has no column here is refused. */
export interface SystemTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  /** The columns that PostgreSQL's has, and this has not. */
  lacking(): readonly string[]
  rows(view: CatalogueView): readonly (readonly SqlValue[])[]
}

interface CatalogueView {
  readonly catalogue: Catalogue
  readonly types: Types
  readonly own: Transaction | undefined
  readonly database: string
}

const NAMESPACES: { readonly [name: string]: number } = { pg_catalog: 11, public: 2200, information_schema: 13_000 }
/** Schemas of users follow in the order of their creation. */
const FIRST_SCHEMA = 16_384

const namespaceOf = ({ catalogue }: CatalogueView, schema: string): number =>
  NAMESPACES[schema] ?? FIRST_SCHEMA + [...catalogue.schemas].indexOf(schema)

type Field = readonly [name: string, type: string, value: (row: never, view: CatalogueView) => SqlValue]

interface Relation {
  readonly name: string
  readonly rows: (view: CatalogueView) => readonly unknown[]
  readonly fields: readonly Field[]
}

type Type = ReturnType<Types['typeOf']>

const typesIn = ({ types }: CatalogueView): readonly Type[] => [...types.all()]

const pgType: Relation = {
  name: 'pg_type',
  rows: typesIn,
  fields: [
    ['oid', 'oid', (type: Type) => type.oid],
    ['typname', 'name', (type: Type) => type.name],
    ['typnamespace', 'oid', (type: Type) => (type.oid < FIRST_SCHEMA ? 11 : 2200)],
    ['typlen', 'int2', (type: Type) => type.length],
    ['typtype', 'char', (type: Type) => type.kind],
    ['typcategory', 'char', (type: Type) => type.category],
    ['typdelim', 'char', (type: Type) => type.delimiter],
    ['typrelid', 'oid', () => 0],
    ['typelem', 'oid', (type: Type) => type.elementOid],
    ['typarray', 'oid', (type: Type) => type.arrayOid],
    ['typbasetype', 'oid', ({ domain }: Type) => domain?.of.domain ?? domain?.of.oid ?? 0],
    ['typtypmod', 'int4', ({ domain }: Type) => (domain?.of.domain === undefined ? (domain?.of.typmod ?? -1) : -1)],
    ['typnotnull', 'bool', ({ domain }: Type) => domain?.isNotNull === true],
  ],
}

const pgNamespace: Relation = {
  name: 'pg_namespace',
  rows: ({ catalogue }) => [...catalogue.schemas],
  fields: [
    ['oid', 'oid', (schema: string, view) => namespaceOf(view, schema)],
    ['nspname', 'name', (schema: string) => schema],
  ],
}

const pgDatabase: Relation = {
  name: 'pg_database',
  rows: ({ database }) => [...new Set(['postgres', database]), ...TEMPLATES],
  fields: [
    ['datname', 'name', (name: string) => name],
    ['encoding', 'int4', () => 6],
    ['datistemplate', 'bool', (name: string) => TEMPLATES.includes(name)],
    ['datallowconn', 'bool', (name: string) => name !== 'template0'],
  ],
}

/** No table inherits from another one. */
const pgInherits: Relation = {
  name: 'pg_inherits',
  rows: () => [],
  fields: [
    ['inhrelid', 'oid', () => null],
    ['inhparent', 'oid', () => null],
    ['inhseqno', 'int4', () => null],
  ],
}

const TEMPLATES: readonly string[] = ['template1', 'template0']

/** The ranges that every database has, with the types of their bounds. */
const RANGES: readonly (readonly [range: string, bound: string])[] = [
  ['int4range', 'int4'],
  ['numrange', 'numeric'],
  ['tsrange', 'timestamp'],
  ['tstzrange', 'timestamptz'],
  ['daterange', 'date'],
  ['int8range', 'int8'],
]

const pgRange: Relation = {
  name: 'pg_range',
  rows: () => RANGES,
  fields: [
    ['rngtypid', 'oid', ([range]: (typeof RANGES)[number], { types }) => types.named(range)?.oid ?? 0],
    ['rngsubtype', 'oid', ([, bound]: (typeof RANGES)[number], { types }) => types.named(bound)?.oid ?? 0],
  ],
}

const pgEnum: Relation = {
  name: 'pg_enum',
  rows: ({ catalogue }) =>
    Array.from(catalogue.enums, ([type, labels]) => labels.map((label, at) => ({ type, label, at: at + 1 }))).flat(),
  fields: [
    ['enumtypid', 'oid', ({ type }: { type: number }) => type],
    ['enumsortorder', 'float4', ({ at }: { at: number }) => at],
    ['enumlabel', 'name', ({ label }: { label: string }) => label],
  ],
}

const tablesIn = ({ catalogue, own }: CatalogueView): readonly Table[] => catalogue.visibleTables(own)

const indexesIn = (view: CatalogueView) =>
  tablesIn(view).flatMap((table) => table.indexes.map((index) => ({ table, index })))
type TableIndex = ReturnType<typeof indexesIn>[number]

const RELATION_KINDS = { table: 'r', view: 'v', 'materialized view': 'm' } as const

const relationsIn = (view: CatalogueView) => [
  ...tablesIn(view).map((table) => ({
    relation: table,
    schema: table.schema,
    kind: RELATION_KINDS[kindOfRelation(table)],
  })),
  ...indexesIn(view).map(({ table, index }) => ({ relation: index, schema: table.schema, kind: 'i' })),
  ...view.catalogue
    .visibleSequences(view.own)
    .map((sequence) => ({ relation: sequence, schema: sequence.schema, kind: 'S' })),
]
type ClassRow = ReturnType<typeof relationsIn>[number]

const pgClass: Relation = {
  name: 'pg_class',
  rows: relationsIn,
  fields: [
    ['oid', 'oid', ({ relation }: ClassRow) => relation.oid],
    ['relname', 'name', ({ relation }: ClassRow) => relation.name],
    ['relnamespace', 'oid', ({ schema }: ClassRow, view) => namespaceOf(view, schema)],
    ['relkind', 'char', ({ kind }: ClassRow) => kind],
  ],
}

/** Positions of columns as the catalogue counts them: from 1, and 0 for an expression. */
const vectorOf = (places: readonly (number | undefined)[]): SqlArray =>
  new SqlArray(
    OID.int2,
    places.map((place) => (place === undefined ? 0 : place + 1)),
    [places.length],
    [0],
  )

const pgIndex: Relation = {
  name: 'pg_index',
  rows: indexesIn,
  fields: [
    ['indexrelid', 'oid', ({ index }: TableIndex) => index.oid],
    ['indrelid', 'oid', ({ table }: TableIndex) => table.oid],
    ['indnatts', 'int2', ({ index }: TableIndex) => index.columns.length + index.included.length],
    ['indnkeyatts', 'int2', ({ index }: TableIndex) => index.columns.length],
    ['indisunique', 'bool', ({ index }: TableIndex) => index.unique],
    ['indnullsnotdistinct', 'bool', ({ index }: TableIndex) => index.nullsNotDistinct],
    ['indisprimary', 'bool', ({ index }: TableIndex) => index.primary],
    ['indisexclusion', 'bool', ({ index }: TableIndex) => index.excludes !== undefined],
    ['indimmediate', 'bool', ({ index }: TableIndex) => !index.deferrable],
    ['indkey', 'int2vector', ({ index }: TableIndex) => vectorOf([...index.columns, ...index.included])],
  ],
}

const columnsIn = (view: CatalogueView) =>
  tablesIn(view).flatMap((table) => columnsOf(table).map((column) => ({ table, column })))
type TableColumn = ReturnType<typeof columnsIn>[number]

const attributesIn = (view: CatalogueView) => [
  ...columnsIn(view).map(({ table, column }) => ({
    table,
    ...{ name: column.name, attribute: column.attribute, notNull: column.notNull },
    type: column.type.domain ?? column.type.oid,
    typmod: column.type.domain === undefined ? column.type.typmod : -1,
    hasDefault: column.default !== undefined,
  })),
  ...tablesIn(view)
    .filter(({ view: query }) => query === undefined)
    .flatMap((table) =>
      SYSTEM_COLUMNS.map(({ name, type }, at) => ({
        ...{ table, name, attribute: -1 - at, notNull: true, typmod: -1, hasDefault: false },
        type: view.types.named(type)?.oid ?? 0,
      })),
    ),
]
type Attribute = ReturnType<typeof attributesIn>[number]

const pgAttribute: Relation = {
  name: 'pg_attribute',
  rows: attributesIn,
  fields: [
    ['attrelid', 'oid', ({ table }: Attribute) => table.oid],
    ['attname', 'name', ({ name }: Attribute) => name],
    ['atttypid', 'oid', ({ type }: Attribute) => type],
    ['attnum', 'int2', ({ attribute }: Attribute) => attribute],
    ['atttypmod', 'int4', ({ typmod }: Attribute) => typmod],
    ['attnotnull', 'bool', ({ notNull }: Attribute) => notNull],
    ['atthasdef', 'bool', ({ hasDefault }: Attribute) => hasDefault],
    ['attisdropped', 'bool', () => false],
  ],
}

const pgTables: Relation = {
  name: 'pg_tables',
  rows: (view) => tablesIn(view).filter((table) => kindOfRelation(table) === 'table'),
  fields: [
    ['schemaname', 'name', (table: Table) => table.schema],
    ['tablename', 'name', (table: Table) => table.name],
  ],
}

const pgMatviews: Relation = {
  name: 'pg_matviews',
  rows: (view) => tablesIn(view).filter((table) => table.materialized !== undefined),
  fields: [
    ['schemaname', 'name', (table: Table) => table.schema],
    ['matviewname', 'name', (table: Table) => table.name],
    ['hasindexes', 'bool', (table: Table) => table.indexes.length > 0],
    ['ispopulated', 'bool', (table: Table) => table.materialized?.populated === true],
  ],
}

/** The information schema has no materialized views. */
const standardTablesIn = (view: CatalogueView) => tablesIn(view).filter((table) => table.materialized === undefined)

const pgRoles: Relation = {
  name: 'pg_roles',
  rows: ({ catalogue }) => [...catalogue.roles],
  fields: [['rolname', 'name', (role: string) => role]],
}

const tables: Relation = {
  name: 'tables',
  rows: standardTablesIn,
  fields: [
    ['table_catalog', 'name', (_: Table, { database }) => database],
    ['table_schema', 'name', (table: Table) => table.schema],
    ['table_name', 'name', (table: Table) => table.name],
    [
      'table_type',
      'varchar',
      (table: Table) => (table.view !== undefined ? 'VIEW' : isTemporary(table) ? 'LOCAL TEMPORARY' : 'BASE TABLE'),
    ],
  ],
}

const columns: Relation = {
  name: 'columns',
  rows: (view) => columnsIn(view).filter(({ table }) => table.materialized === undefined),
  fields: [
    ['table_catalog', 'name', (_: TableColumn, { database }) => database],
    ['table_schema', 'name', ({ table }: TableColumn) => table.schema],
    ['table_name', 'name', ({ table }: TableColumn) => table.name],
    ['column_name', 'name', ({ column }: TableColumn) => column.name],
    ['ordinal_position', 'int4', ({ column }: TableColumn) => column.attribute],
    ['is_nullable', 'varchar', ({ column }: TableColumn) => (column.notNull ? 'NO' : 'YES')],
    [
      'data_type',
      'varchar',
      ({ column: { type } }: TableColumn, { types }) => {
        const { elementOid, oid } = types.typeOf(type.oid)
        return elementOid !== 0 ? 'ARRAY' : oid >= FIRST_SCHEMA ? 'USER-DEFINED' : formatType(types, oid, -1)
      },
    ],
    ['udt_name', 'name', ({ column }: TableColumn) => column.type.name],
    ...(['catalog', 'schema', 'name'] as const).map(
      (part): Field => [
        `domain_${part}`,
        'name',
        ({ column: { type } }: TableColumn, { types, database }) => {
          if (type.domain === undefined) return null
          return { catalog: database, schema: 'public', name: types.typeOf(type.domain).name }[part]
        },
      ],
    ),
  ],
}

const RELATIONS: { readonly [schema: string]: readonly Relation[] } = {
  pg_catalog: [
    pgType,
    pgDatabase,
    pgNamespace,
    pgEnum,
    pgRange,
    pgClass,
    pgIndex,
    pgAttribute,
    pgInherits,
    pgTables,
    pgMatviews,
    pgRoles,
  ],
  information_schema: [tables, columns],
}

/** Undefined for a table that is none of the catalogue's. */
export function systemTable(types: Types, schema: string | undefined, name: string): SystemTable | undefined {
  const relation = RELATIONS[schema ?? 'pg_catalog']?.find((each) => each.name === name)
  if (relation === undefined) return undefined
  return {
    name,
    columns: relation.fields.map(([field, type]) => ({ name: field, type: typeNamed(types, type) })),
    lacking() {
      const { columns = [], former = [] } = knownRelation(schema, name) ?? {}
      return [...columns, ...former].filter((column) => !relation.fields.some(([field]) => field === column))
    },
    rows: (view) => relation.rows(view).map((row) => relation.fields.map(([, , value]) => value(row as never, view))),
  }
}

function typeNamed(types: Types, name: string): SqlType {
  const type = types.named(name)
  if (type === undefined) throw new Error(`there is no type ${name}`)
  return { oid: type.oid, name, typmod: -1 }
}
