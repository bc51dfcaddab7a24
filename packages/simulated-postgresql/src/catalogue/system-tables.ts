import { NotSupported } from '../sql/error.ts'
import { SYSTEM_COLUMNS } from '../sql/system-columns.ts'
import { FIRST_OF_USERS, knownRelation } from '../sql/undefined.ts'
import type { Sequence } from '../storage/sequence.ts'
import { formatType } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import { SUBTYPES } from '../types/range.ts'
import type { TypeDefinition, Types } from '../types/registry.ts'
import { type Rows, SqlArray, type SqlType, type SqlValue } from '../types/value.ts'
import { DATABASE_OID, pgLocks, pgStatActivity } from './activity.ts'
import { isTemporary } from './catalogue.ts'
import { CONSTRAINT_RELATIONS, pgConstraint } from './constraint-relations.ts'
import { defaultText } from './default-text.ts'
import { indexDefinition } from './index-definition.ts'
import {
  DOMAIN_COLUMNS,
  generationText,
  MORE_COLUMNS,
  MORE_TABLES,
  OF_TABLE,
  schemata,
  sequences,
} from './information-schema.ts'
import { defaultClass, operatorClasses } from './operator-classes.ts'
import {
  always,
  type CatalogueView,
  columnsIn,
  type Field,
  type Relation,
  relation,
  type ServerView,
  tablesIn,
} from './relation.ts'
import { kindOfRelation, type Table } from './table.ts'

/** A table of PostgreSQL's system catalogue, with the columns that drivers and query builders read. */
export interface SystemTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly deferred: boolean }[]
  lacking(): readonly string[]
  /** Returns the rows. `defer` returns a value that is computed only when it is read. */
  rows(view: CatalogueView, server: ServerView, defer: (read: () => SqlValue) => SqlValue): Rows
}

const namespaceOf = ({ catalogue, own }: CatalogueView, schema: string): number =>
  catalogue.schemas.find(schema, own)?.oid ?? 0

const typesIn = ({ types }: CatalogueView): readonly TypeDefinition[] => [...types.all()]

/** The oid of the superuser that every database has. */
const OWNER = 10

/**
 * Returns the oid of a type's collation: 950 (C) for `name`, 100 for other text types, 0 for types without a collation.
 */
function collationOf({ oid, category, elementOid }: TypeDefinition, types: Types): number {
  const element = category === 'A' ? types.find(elementOid) : undefined
  if (element !== undefined) return collationOf(element, types)
  return category === 'S' ? (oid === OID.name ? 950 : 100) : 0
}

const pgType = relation('pg_type', typesIn, [
  ['oid', 'oid', 'oid'],
  ['typname', 'name', 'name'],
  ['typnamespace', 'oid', ({ schema = 'pg_catalog' }, view) => namespaceOf(view, schema)],
  ['typlen', 'int2', 'length'],
  ['typtype', 'char', 'kind'],
  ['typcategory', 'char', 'category'],
  ['typdelim', 'char', 'delimiter'],
  ['typrelid', 'oid', () => 0],
  ['typelem', 'oid', 'elementOid'],
  ['typarray', 'oid', 'arrayOid'],
  ['typbasetype', 'oid', ({ domain }) => domain?.of.domain ?? domain?.of.oid ?? 0],
  ['typtypmod', 'int4', ({ domain }) => (domain?.of.domain === undefined ? (domain?.of.typmod ?? -1) : -1)],
  ['typnotnull', 'bool', ({ domain }) => domain?.isNotNull === true],
  ['typispreferred', 'bool', 'preferred'],
  ['typcollation', 'oid', (type, { types }) => collationOf(type, types)],
  ...always('bool', true, 'typisdefined'),
  ...always('int4', 0, 'typndims'),
  ...always('oid', OWNER, 'typowner'),
])

const pgNamespace = relation('pg_namespace', ({ catalogue, own }) => catalogue.schemas.all(own), [
  ['oid', 'oid', 'oid'],
  ['nspname', 'name', 'name'],
  ['nspowner', 'oid', ({ name }) => (name === 'public' ? 6171 : OWNER)],
])

function databaseNumber(name: string, { database }: CatalogueView): number {
  if (name === database) return DATABASE_OID
  if (name === 'template1') return 1
  if (name === 'template0') return 4
  throw new NotSupported('the OID of the database postgres while another database is in use')
}

const pgDatabase = relation('pg_database', ({ database }) => [...new Set(['postgres', database]), ...TEMPLATES], [
  ['oid', 'oid', databaseNumber, 'may refuse'],
  ['datname', 'name', (name) => name],
  ['encoding', 'int4', () => 6],
  ['datistemplate', 'bool', (name) => TEMPLATES.includes(name)],
  ['datallowconn', 'bool', (name) => name !== 'template0'],
])

interface Inherited {
  readonly part: number
  readonly whole: number
}

/** Partitions and their indexes are the only relations that inherit here. */
const inheritedIn = (view: CatalogueView): readonly Inherited[] =>
  tablesIn(view).flatMap((table) =>
    (table.partitioned?.partitions ?? []).flatMap((partition) =>
      [[table, partition.table] as const, ...partition.indexes].map(([whole, part]) => ({
        ...{ part: part.oid, whole: whole.oid },
      })),
    ),
  )

const pgInherits = relation('pg_inherits', inheritedIn, [
  ['inhrelid', 'oid', 'part'],
  ['inhparent', 'oid', 'whole'],
  ['inhseqno', 'int4', () => 1],
  ...always('bool', false, 'inhdetachpending'),
])

const TEMPLATES: readonly string[] = ['template1', 'template0']

const pgRange = relation('pg_range', () => [...SUBTYPES], [
  ['rngtypid', 'oid', ([range]) => range],
  ['rngsubtype', 'oid', ([, bound]) => bound],
])

const pgEnum = relation(
  'pg_enum',
  ({ catalogue, own }) =>
    Array.from(catalogue.enums, ([type, labels]) =>
      catalogue.typeRows.has(type, own) ? labels.map((label, at) => ({ type, label, at: at + 1 })) : [],
    ).flat(),
  [
    ['enumtypid', 'oid', 'type'],
    ['enumsortorder', 'float4', 'at'],
    ['enumlabel', 'name', 'label'],
  ],
)

/** Returns the visible indexes. */
const indexesIn = (view: CatalogueView) =>
  view.catalogue.visibleIndexes(view.own).filter(({ index }) => !index.ofPartition)
type TableIndex = ReturnType<typeof indexesIn>[number]

const RELATION_KINDS = { table: 'r', view: 'v', 'materialized view': 'm' } as const

function relationsIn(view: CatalogueView) {
  const inherited = inheritedIn(view)
  const [parts, wholes] = [inherited.map(({ part }) => part), inherited.map(({ whole }) => whole)]
  return [
    ...tablesIn(view).map((table) => ({
      relation: table,
      schema: table.schema,
      kind: table.partitioned === undefined ? RELATION_KINDS[kindOfRelation(table)] : 'p',
    })),
    ...indexesIn(view).map(({ table, index }) => ({
      relation: index,
      schema: table.schema,
      kind: table.partitioned === undefined ? 'i' : 'I',
    })),
    ...view.catalogue
      .visibleSequences(view.own)
      .map((sequence) => ({ relation: sequence, schema: sequence.schema, kind: 'S' })),
  ].map((row) => ({ ...row, isPart: parts.includes(row.relation.oid), isWhole: wholes.includes(row.relation.oid) }))
}

const ACCESS_METHODS: Readonly<Record<string, number>> = {
  btree: 403,
  hash: 405,
  gist: 783,
  gin: 2742,
  brin: 3580,
  spgist: 4000,
}

function accessMethodOf(kind: string, method: string): number {
  if (kind === 'i' || kind === 'I') return ACCESS_METHODS[method] ?? 0
  return kind === 'r' || kind === 'm' ? 2 : 0
}

function attributesOf(relation: object): number {
  const { columns, included } = relation as { columns?: readonly unknown[]; included?: readonly unknown[] }
  return (columns?.length ?? 0) + (included?.length ?? 0)
}

/**
 * Whether a relation has triggers. A foreign key counts for both of its tables, because PostgreSQL enforces it by
 * triggers on both.
 */
const hasTriggers = (relation: object, { catalogue, own }: CatalogueView): boolean =>
  'triggers' in relation &&
  ((relation as Table).triggers.length > 0 ||
    (relation as Table).foreignKeys.length > 0 ||
    catalogue.referencing(relation as Table, own).length > 0)

const pgClass = relation('pg_class', relationsIn, [
  ['oid', 'oid', ({ relation }) => relation.oid],
  ['relname', 'name', ({ relation }) => relation.name],
  ['relnamespace', 'oid', ({ schema }, view) => namespaceOf(view, schema)],
  ['relkind', 'char', 'kind'],
  ['relpersistence', 'char', (row) => (isTemporary(row) ? 't' : 'p')],
  ['relam', 'oid', ({ relation, kind }) => accessMethodOf(kind, 'method' in relation ? relation.method : '')],
  [
    'relhasindex',
    'bool',
    ({ relation }) => 'columns' in relation && 'indexes' in relation && relation.indexes.length > 0,
  ],
  ['relnatts', 'int2', ({ relation, kind }) => (kind === 'S' ? 3 : attributesOf(relation))],
  ['relchecks', 'int2', ({ relation }) => ('checks' in relation ? relation.checks.length : 0)],
  ['relhasrules', 'bool', ({ kind }) => kind === 'v' || kind === 'm'],
  ['relhastriggers', 'bool', ({ relation }, view) => hasTriggers(relation, view)],
  [
    'relispopulated',
    'bool',
    ({ relation }) => !('materialized' in relation) || relation.materialized?.populated !== false,
  ],
  ['relreplident', 'char', ({ kind }) => (['r', 'p', 'm'].includes(kind) ? 'd' : 'n')],
  ...always('oid', OWNER, 'relowner'),
  ...always('oid', 0, 'reltablespace', 'reloftype', 'relrewrite'),
  ...always('bool', false, 'relisshared', 'relforcerowsecurity'),
  ['relrowsecurity', 'bool', ({ relation }) => 'rowSecurity' in relation && relation.rowSecurity],
  ['relispartition', 'bool', 'isPart'],
  ['relhassubclass', 'bool', 'isWhole'],
  ...always('_text', null, 'reloptions'),
])

/** Returns column numbers as the catalogue stores them: from 1, or 0 for an expression. */
const vectorOf = (places: readonly (number | undefined)[]): SqlArray =>
  new SqlArray(
    OID.int2,
    places.map((place) => (place === undefined ? 0 : place + 1)),
    [places.length],
    [0],
  )

/** Returns the indoption bits of an index column: 1 for DESC, 2 for NULLS FIRST. */
function optionOf(order: string | undefined): number {
  if (order === undefined) throw new NotSupported('the order of an index with an operator class')
  const isDescending = order.includes('DESC')
  const nullsFirst = isDescending ? !order.includes('NULLS LAST') : order.includes('NULLS FIRST')
  return (isDescending ? 1 : 0) + (nullsFirst ? 2 : 0)
}

function noTree(what: string, isThere: boolean): null {
  if (isThere) throw new NotSupported(`pg_index with an index that has ${what}`)
  return null
}

/**
 * For these type categories, all types of a category share one operator class. The map gives the type of this class:
 * `anyarray` for arrays (category A).
 */
const SHARED: Readonly<Record<string, number>> = { A: OID.anyarray, E: OID.anyenum, R: OID.anyrange }

function classesOf({ table, index }: TableIndex, { types }: CatalogueView): readonly number[] {
  return index.columns.map((place, at) => {
    const type = types.find(table.columns[place ?? -1]?.type.oid ?? 0)
    const found =
      type === undefined || index.orders[at] === undefined
        ? undefined
        : defaultClass(ACCESS_METHODS[index.method] ?? 0, [
            type.oid === OID.varchar ? OID.text : type.oid,
            SHARED[type.category] ?? 0,
          ])
    if (found === undefined) throw new NotSupported(`the operator classes of the index ${index.name}`)
    return found.oid
  })
}

const pgIndex = relation('pg_index', indexesIn, [
  ['indexrelid', 'oid', ({ index }) => index.oid],
  ['indrelid', 'oid', ({ table }) => table.oid],
  ['indnatts', 'int2', ({ index }) => index.columns.length + index.included.length],
  ['indnkeyatts', 'int2', ({ index }) => index.columns.length],
  ['indisunique', 'bool', ({ index }) => index.unique],
  ['indnullsnotdistinct', 'bool', ({ index }) => index.nullsNotDistinct],
  ['indisprimary', 'bool', ({ index }) => index.primary],
  ['indisexclusion', 'bool', ({ index }) => index.excludes !== undefined],
  ['indimmediate', 'bool', ({ index }) => !index.deferrable],
  ['indkey', 'int2vector', ({ index }) => vectorOf([...index.columns, ...index.included])],
  [
    'indoption',
    'int2vector',
    ({ index }) => new SqlArray(OID.int2, index.orders.map(optionOf), [index.orders.length], [0]),
    'may refuse',
  ],
  [
    'indexprs',
    'pg_node_tree',
    ({ index }) =>
      noTree(
        'an expression',
        index.expressions.some((each) => each !== undefined),
      ),
    'may refuse',
  ],
  ['indpred', 'pg_node_tree', ({ index }) => noTree('a condition', index.condition !== undefined), 'may refuse'],
  [
    'indclass',
    'oidvector',
    (row, view) => new SqlArray(OID.oid, classesOf(row, view), [row.index.columns.length], [0]),
    'may refuse',
  ],
  ...always('bool', false, 'indisclustered', 'indcheckxmin', 'indisreplident'),
  ...always('bool', true, 'indisvalid', 'indisready', 'indislive'),
])

const attributesIn = (view: CatalogueView) => [
  ...columnsIn(view).map(({ table, column }) => ({
    table,
    ...{ name: column.name, attribute: column.attribute, notNull: column.notNull },
    type: column.type.domain ?? column.type.oid,
    typmod: column.type.domain === undefined ? column.type.typmod : -1,
    hasDefault: column.default !== undefined || column.generated !== undefined,
    identity: column.identity,
    generated: column.generated !== undefined,
  })),
  ...tablesIn(view)
    .filter(({ view: query }) => query === undefined)
    .flatMap((table) =>
      SYSTEM_COLUMNS.map(({ name, type }, at) => ({
        ...{
          table,
          name,
          attribute: -1 - at,
          notNull: true,
          typmod: -1,
          hasDefault: false,
          identity: undefined,
          generated: false,
        },
        type: view.types.named(type)?.oid ?? 0,
      })),
    ),
]

const pgAttribute = relation('pg_attribute', attributesIn, [
  ['attrelid', 'oid', ({ table }) => table.oid],
  ['attname', 'name', 'name'],
  ['atttypid', 'oid', 'type'],
  ['attnum', 'int2', 'attribute'],
  ['atttypmod', 'int4', 'typmod'],
  ['attnotnull', 'bool', 'notNull'],
  ['atthasdef', 'bool', 'hasDefault'],
  ...always('bool', false, 'attisdropped', 'atthasmissing'),
  ['attlen', 'int2', ({ type }, { types }) => types.typeOf(type).length],
  [
    'attndims',
    'int2',
    ({ type, attribute }, { types }) => (attribute > 0 && types.typeOf(type).category === 'A' ? 1 : 0),
  ],
  ['attcollation', 'oid', ({ type }, { types }) => collationOf(types.typeOf(type), types)],
  ['attidentity', 'char', ({ identity }) => (identity === undefined ? '' : identity.always ? 'a' : 'd')],
  ['attgenerated', 'char', ({ generated }) => (generated ? 's' : '')],
  ...always('char', '', 'attcompression'),
  ...always('bool', true, 'attislocal'),
  ...always('int2', 0, 'attinhcount'),
  ...always('_text', null, 'attoptions', 'attfdwoptions'),
])

const pgTables = relation<Table>(
  'pg_tables',
  (view) => tablesIn(view).filter((table) => kindOfRelation(table) === 'table'),
  [
    ['schemaname', 'name', 'schema'],
    ['tablename', 'name', 'name'],
    ['tableowner', 'name', 'owner'],
    ...always('name', null, 'tablespace'),
    ['hasindexes', 'bool', (table) => table.indexes.length > 0],
    ...always('bool', false, 'hasrules'),
    ['rowsecurity', 'bool', 'rowSecurity'],
    ['hastriggers', 'bool', (table, view) => hasTriggers(table, view)],
  ],
)

const pgMatviews = relation<Table>(
  'pg_matviews',
  (view) => tablesIn(view).filter((table) => table.materialized !== undefined),
  [
    ['schemaname', 'name', 'schema'],
    ['matviewname', 'name', 'name'],
    ['matviewowner', 'name', 'owner'],
    ...always('name', null, 'tablespace'),
    ['hasindexes', 'bool', (table) => table.indexes.length > 0],
    ['ispopulated', 'bool', (table) => table.materialized?.populated === true],
  ],
)

const pgIndexes = relation('pg_indexes', indexesIn, [
  ['schemaname', 'name', ({ table }) => table.schema],
  ['tablename', 'name', ({ table }) => table.name],
  ['indexname', 'name', ({ index }) => index.name],
  ...always('name', null, 'tablespace'),
  ['indexdef', 'text', ({ index, table }) => indexDefinition(index, table), 'may refuse'],
])

const pgDescription = relation(
  'pg_description',
  ({ catalogue }) => {
    const all = [...catalogue.comments].map(([key, text]) => ({ key: key.split(' '), text }))
    if (all.some(({ key }) => key[0]?.startsWith('OBJECT_')))
      throw new NotSupported('pg_description with comments on functions or types')
    return all
  },
  [
    ['objoid', 'oid', ({ key }) => Number(key[1])],
    ['classoid', 'oid', ({ key }) => (key[0] === 'pg_class' ? 1259 : 1247)],
    ['objsubid', 'int4', ({ key }) => Number(key[2])],
    ['description', 'text', 'text'],
  ],
)

const pgAttrdef = relation(
  'pg_attrdef',
  (view) => columnsIn(view).filter(({ column }) => column.default !== undefined || column.generated !== undefined),
  [
    ['adrelid', 'oid', ({ table }) => table.oid],
    ['adnum', 'int2', ({ column }) => column.attribute],
    ['adbin', 'pg_node_tree', ({ column }, view) => generationText(column) ?? defaultText(column, view), 'may refuse'],
  ],
)

/** The information schema has no materialized views. */
const standardTablesIn = (view: CatalogueView) => tablesIn(view).filter((table) => table.materialized === undefined)

/** Returns the oid of a role. The current user has the superuser's oid. */
const roleNumber = (role: string, { catalogue, own, user }: CatalogueView): number =>
  role === user ? OWNER : FIRST_OF_USERS + catalogue.roles.all(own).indexOf(role)

/**
 * Whether a role is a superuser. Attributes of roles are not stored, so only the current user and `postgres` are
 * supported.
 */
function isSuperuser(role: string, { user }: CatalogueView): boolean {
  if (role !== user && role !== 'postgres') throw new NotSupported(`the privileges of the role ${role}`)
  return true
}

const privileges = (...names: readonly string[]): readonly Field<string>[] =>
  names.map((name) => [name, 'bool', isSuperuser, 'may refuse'])

const pgRoles = relation('pg_roles', ({ catalogue, own }) => catalogue.roles.all(own), [
  ['rolname', 'name', (role) => role],
  ['oid', 'oid', roleNumber],
  ...privileges('rolsuper', 'rolinherit', 'rolcreaterole', 'rolcreatedb'),
  ...privileges('rolcanlogin', 'rolreplication', 'rolbypassrls'),
  ...always('int4', -1, 'rolconnlimit'),
  ...always('text', '********', 'rolpassword'),
  ...always('timestamptz', null, 'rolvaliduntil'),
  ...always('_text', null, 'rolconfig'),
])

const pgUser = relation('pg_user', ({ catalogue, own }) => catalogue.roles.all(own), [
  ['usename', 'name', (role) => role],
  ['usesysid', 'oid', roleNumber],
  ...privileges('usecreatedb', 'usesuper', 'userepl', 'usebypassrls'),
  ...always('text', '********', 'passwd'),
  ...always('timestamptz', null, 'valuntil'),
  ...always('_text', null, 'useconfig'),
])

const pgAm = relation('pg_am', () => [['heap', 2] as const, ...Object.entries(ACCESS_METHODS)], [
  ['oid', 'oid', ([, oid]) => oid],
  ['amname', 'name', ([name]) => name],
  ['amtype', 'char', ([name]) => (name === 'heap' ? 't' : 'i')],
])

const pgSequences = relation<Sequence>('pg_sequences', (view) => view.catalogue.visibleSequences(view.own), [
  ['schemaname', 'name', 'schema'],
  ['sequencename', 'name', 'name'],
  ['sequenceowner', 'name', (_, { user }) => user],
  ['data_type', 'regtype', 'typeOid'],
  ['start_value', 'int8', 'start'],
  ['min_value', 'int8', 'minimum'],
  ['max_value', 'int8', 'maximum'],
  ['increment_by', 'int8', 'increment'],
  ['cycle', 'bool', 'cycle'],
  ...always('int8', 1n, 'cache_size'),
  ['last_value', 'int8', ({ isCalled, lastValue }) => (isCalled ? lastValue : null)],
])

/** pg_extension without the column of versions, which depend on the installed packages. */
const pgExtension = relation('pg_extension', ({ catalogue, own }) => catalogue.extensions.all(own), [
  ['extname', 'name', (name) => name],
  ['extnamespace', 'oid', (name) => (name === 'plpgsql' ? 11 : 2200)],
  ['extrelocatable', 'bool', (name) => name !== 'plpgsql'],
  ...always('oid', OWNER, 'extowner'),
  ...always('_oid', null, 'extconfig'),
  ...always('_text', null, 'extcondition'),
])

const pgOpclass = relation('pg_opclass', operatorClasses, [
  ['oid', 'oid', 'oid'],
  ['opcmethod', 'oid', 'method'],
  ['opcname', 'name', 'name'],
  ['opcintype', 'oid', 'type'],
  ['opcdefault', 'bool', 'isDefault'],
  ...always('oid', 11, 'opcnamespace'),
  ...always('oid', OWNER, 'opcowner'),
])

/** The view pg_stat_user_indexes without its counters. */
const pgStatUserIndexes = relation('pg_stat_user_indexes', indexesIn, [
  ['relid', 'oid', ({ table }) => table.oid],
  ['indexrelid', 'oid', ({ index }) => index.oid],
  ['schemaname', 'name', ({ table }) => table.schema],
  ['relname', 'name', ({ table }) => table.name],
  ['indexrelname', 'name', ({ index }) => index.name],
])

/** The view pg_policies, which must be empty, because conditions of policies are not stored. */
const pgPolicies = relation(
  'pg_policies',
  (view) => {
    if (tablesIn(view).some(({ policies }) => policies.length > 0))
      throw new NotSupported('pg_policies with a table that has policies')
    return []
  },
  [
    ...always('name', null, 'schemaname', 'tablename', 'policyname'),
    ...always('text', null, 'permissive', 'cmd', 'qual', 'with_check'),
    ...always('_name', null, 'roles'),
  ],
)

/** pg_statio_all_tables without its counters. */
const pgStatioAllTables = relation(
  'pg_statio_all_tables',
  (view) => tablesIn(view).filter(({ view: query }) => query === undefined),
  [
    ['relid', 'oid', 'oid'],
    ['schemaname', 'name', 'schema'],
    ['relname', 'name', 'name'],
  ],
)

const tables = relation('tables', standardTablesIn, [
  ['table_catalog', 'name', (_, { database }) => database],
  ['table_schema', 'name', 'schema'],
  ['table_name', 'name', 'name'],
  [
    'table_type',
    'varchar',
    (table) => (table.view !== undefined ? 'VIEW' : isTemporary(table) ? 'LOCAL TEMPORARY' : 'BASE TABLE'),
  ],
  ...MORE_TABLES,
])

const columns = relation('columns', (view) => columnsIn(view).filter(({ table }) => table.materialized === undefined), [
  ...OF_TABLE,
  ['column_name', 'name', ({ column }) => column.name],
  ['ordinal_position', 'int4', ({ column }) => column.attribute],
  ['is_nullable', 'varchar', ({ column }) => (column.notNull ? 'NO' : 'YES')],
  [
    'data_type',
    'varchar',
    ({ column: { type } }, { types }) => {
      const { elementOid, oid } = types.typeOf(type.oid)
      return elementOid !== 0 ? 'ARRAY' : oid >= FIRST_OF_USERS ? 'USER-DEFINED' : formatType(types, oid)
    },
  ],
  ['udt_name', 'name', ({ column }) => column.type.name],
  ...DOMAIN_COLUMNS,
  ...MORE_COLUMNS,
])

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
    pgIndexes,
    pgDescription,
    pgAttrdef,
    pgConstraint(namespaceOf),
    pgUser,
    pgExtension,
    pgStatUserIndexes,
    pgOpclass,
    pgPolicies,
    pgAm,
    pgSequences,
    pgStatioAllTables,
    pgStatActivity(roleNumber),
    pgLocks,
  ],
  information_schema: [tables, columns, schemata, sequences, ...CONSTRAINT_RELATIONS],
}

export function systemTable(types: Types, schema: string | undefined, name: string): SystemTable | undefined {
  const relation = RELATIONS[schema ?? 'pg_catalog']?.find((each) => each.name === name)
  if (relation === undefined) return undefined
  const { columns = [], former = [] } = knownRelation(schema, name) ?? {}
  const fields = relation.fields.toSorted(([one], [other]) => columns.indexOf(one) - columns.indexOf(other))
  return {
    name,
    columns: fields.map(([field, type, , mayRefuse]) => ({
      name: field,
      type: typeNamed(types, type),
      deferred: mayRefuse !== undefined,
    })),
    lacking: () => [...columns, ...former].filter((column) => !fields.some(([field]) => field === column)),
    rows: (view, server, defer) =>
      relation.rows(view, server).map((row) =>
        fields.map(([, , value, mayRefuse]) => {
          const read = () => value(row as never, view)
          return mayRefuse === undefined ? read() : defer(read)
        }),
      ),
  }
}

function typeNamed(types: Types, name: string): SqlType {
  const type = types.named(name)
  if (type === undefined) throw new Error(`there is no type ${name}`)
  return { oid: type.oid, name, typmod: -1 }
}
