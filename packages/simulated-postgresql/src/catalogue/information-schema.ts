import { NotSupported } from '../sql/error.ts'
import type { Sequence } from '../storage/sequence.ts'
import { formatType } from '../types/format-type.ts'
import { numericLimits } from '../types/numeric.ts'
import { INTEGERS, OID } from '../types/oids.ts'
import { lengthOfTypmod } from '../types/text.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import { isTemporary, type Schema } from './catalogue.ts'
import { defaultText } from './default-text.ts'
import { always, type CatalogueView, type Field, type Relation, relation, type TableColumn } from './relation.ts'
import type { Column, Table } from './table.ts'

// Source of the views in this file: PostgreSQL's information_schema.sql.

export const yesOrNo = (is: boolean): string => (is ? 'YES' : 'NO')

export const OF_TABLE: readonly Field<Pick<TableColumn, 'table'>>[] = [
  ['table_catalog', 'name', (_, { database }) => database],
  ['table_schema', 'name', ({ table }) => table.schema],
  ['table_name', 'name', ({ table }) => table.name],
]

export const MORE_TABLES: readonly Field<Table>[] = [
  ...always('name', null, 'self_referencing_column_name', 'user_defined_type_catalog'),
  ...always('name', null, 'user_defined_type_schema', 'user_defined_type_name'),
  ...always('varchar', null, 'reference_generation'),
  ['is_insertable_into', 'varchar', insertable, 'may refuse'],
  ...always('varchar', 'NO', 'is_typed'),
  ['commit_action', 'varchar', (table) => (isTemporary(table) ? 'PRESERVE' : null)],
]

/** Whether a relation accepts INSERT. Only views of a single table are supported. */
function insertable({ view }: Table): string {
  if (view === undefined) return 'YES'
  if (!('SelectStmt' in view)) return 'NO'
  const { op = 'SETOP_NONE', fromClause: [from, ...others] = [], targetList = [], ...rest } = view.SelectStmt
  const { distinctClause, groupClause, havingClause, limitCount, limitOffset, withClause, valuesLists } = rest
  const parts = [distinctClause, groupClause, havingClause, limitCount, limitOffset, withClause, valuesLists]
  if (op !== 'SETOP_NONE' || from === undefined || others.length > 0 || !('RangeVar' in from)) return 'NO'
  if (parts.some((part) => part !== undefined)) return 'NO'
  if (
    targetList.every((target) => 'ResTarget' in target && target.ResTarget.val && 'ColumnRef' in target.ResTarget.val)
  )
    return 'YES'
  throw new NotSupported('is_insertable_into or is_updatable of this view')
}

/** The precision of number types in bits; numeric is not among them. */
const PRECISIONS: ReadonlyMap<number, number> = new Map([
  [OID.int2, 16],
  [OID.int4, 32],
  [OID.int8, 64],
  [OID.float4, 24],
  [OID.float8, 53],
])

const limitsOf = ({ oid, typmod }: SqlType): ReturnType<typeof numericLimits> =>
  oid === OID.numeric ? numericLimits(typmod) : undefined

function precisionOf(type: SqlType): number | null {
  return limitsOf(type)?.precision ?? PRECISIONS.get(type.oid) ?? null
}

function scaleOf(type: SqlType): number | null {
  return INTEGERS.has(type.oid) ? 0 : (limitsOf(type)?.scale ?? null)
}

function radixOf({ oid }: SqlType): number | null {
  return oid === OID.numeric ? 10 : PRECISIONS.has(oid) ? 2 : null
}

function momentPrecision({ oid, typmod }: SqlType): number | null {
  if (oid === OID.date) return 0
  if (oid === OID.interval) return typmod < 0 || (typmod & 0xffff) === 0xffff ? 6 : typmod & 0xffff
  const hasTime = oid === OID.time || oid === OID.timetz || oid === OID.timestamp || oid === OID.timestamptz
  return hasTime ? (typmod < 0 ? 6 : typmod) : null
}

const isText = ({ oid }: SqlType): boolean => oid === OID.varchar || oid === OID.bpchar || oid === OID.text

const lengthOf = (type: SqlType): number | null =>
  isText(type) && type.oid !== OID.text && type.typmod >= 4 ? lengthOfTypmod(type.typmod) : null

function octetsOf(type: SqlType): number | null {
  const length = lengthOf(type)
  return length !== null ? length * 4 : isText(type) ? 1 << 30 : null
}

function intervalFields(type: SqlType, { types }: CatalogueView): string | null {
  if (type.oid !== OID.interval || type.typmod < 0) return null
  const [, fields = ''] = /^interval ([a-z ]+)/.exec(formatType(types, type.oid, type.typmod)) ?? []
  return fields === '' ? null : fields.trim().toUpperCase()
}

const ofType =
  (value: (type: SqlType, view: CatalogueView) => SqlValue) =>
  ({ column }: TableColumn, view: CatalogueView): SqlValue =>
    value(column.type, view)

const ofIdentity =
  (value: (sequence: Sequence, always: boolean) => SqlValue) =>
  ({ column: { identity } }: TableColumn): SqlValue =>
    identity === undefined ? null : value(identity.sequence, identity.always)

export const DOMAIN_COLUMNS: readonly Field<TableColumn>[] = (['catalog', 'schema', 'name'] as const).map((part) => [
  `domain_${part}`,
  'name',
  ({ column: { type } }, { types, database }) => {
    if (type.domain === undefined) return null
    return { catalog: database, schema: 'public', name: types.typeOf(type.domain).name }[part]
  },
])

export const MORE_COLUMNS: readonly Field<TableColumn>[] = [
  ['column_default', 'varchar', ({ column }, view) => defaultText(column, view), 'may refuse'],
  ['character_maximum_length', 'int4', ofType(lengthOf)],
  ['character_octet_length', 'int4', ofType(octetsOf)],
  ['numeric_precision', 'int4', ofType(precisionOf)],
  ['numeric_precision_radix', 'int4', ofType(radixOf)],
  ['numeric_scale', 'int4', ofType(scaleOf)],
  ['datetime_precision', 'int4', ofType(momentPrecision)],
  ['interval_type', 'varchar', ofType(intervalFields)],
  ...always('int4', null, 'interval_precision', 'maximum_cardinality'),
  ...always('name', null, 'character_set_catalog', 'character_set_schema', 'character_set_name'),
  ...always('name', null, 'collation_catalog', 'collation_schema', 'collation_name'),
  ...always('name', null, 'scope_catalog', 'scope_schema', 'scope_name'),
  ['udt_catalog', 'name', (_, { database }) => database],
  ['udt_schema', 'name', ofType(({ oid }, { types }) => types.typeOf(oid).schema ?? 'pg_catalog')],
  ['dtd_identifier', 'name', ({ column }) => `${column.attribute}`],
  ...always('varchar', 'NO', 'is_self_referencing'),
  ['is_identity', 'varchar', ({ column }) => yesOrNo(column.identity !== undefined)],
  ['identity_generation', 'varchar', ofIdentity((_, isAlways) => (isAlways ? 'ALWAYS' : 'BY DEFAULT'))],
  ['identity_start', 'varchar', ofIdentity(({ start }) => `${start}`)],
  ['identity_increment', 'varchar', ofIdentity(({ increment }) => `${increment}`)],
  ['identity_maximum', 'varchar', ofIdentity(({ maximum }) => `${maximum}`)],
  ['identity_minimum', 'varchar', ofIdentity(({ minimum }) => `${minimum}`)],
  ['identity_cycle', 'varchar', ({ column }) => yesOrNo(column.identity?.sequence.cycle === true)],
  ['is_generated', 'varchar', ({ column }) => (column.generated === undefined ? 'NEVER' : 'ALWAYS')],
  ['generation_expression', 'varchar', ({ column }) => generationText(column), 'may refuse'],
  ['is_updatable', 'varchar', ({ table }) => insertable(table), 'may refuse'],
]

export function generationText({ generated }: Column): null {
  if (generated !== undefined) throw new NotSupported('the text of a generated column')
  return null
}

export const schemata: Relation = relation<Schema>('schemata', ({ catalogue, own }) => catalogue.schemas.all(own), [
  ['catalog_name', 'name', (_, { database }) => database],
  ['schema_name', 'name', 'name'],
  ['schema_owner', 'name', ({ name }, { user }) => (name === 'public' ? 'pg_database_owner' : user)],
  ...always('name', null, 'default_character_set_catalog', 'default_character_set_schema'),
  ...always('name', null, 'default_character_set_name'),
  ...always('varchar', null, 'sql_path'),
])

/** The view `sequences`, without the sequences of identity columns. */
export const sequences: Relation = relation<Sequence>(
  'sequences',
  (view) => {
    const identities = new Set(
      view.catalogue
        .visibleTables(view.own)
        .flatMap(({ columns }) => columns.map(({ identity }) => identity?.sequence)),
    )
    return view.catalogue.visibleSequences(view.own).filter((sequence) => !identities.has(sequence))
  },
  [
    ['sequence_catalog', 'name', (_, { database }) => database],
    ['sequence_schema', 'name', 'schema'],
    ['sequence_name', 'name', 'name'],
    ['data_type', 'varchar', ({ typeOid }, { types }) => formatType(types, typeOid)],
    ['numeric_precision', 'int4', ({ typeOid }) => PRECISIONS.get(typeOid) ?? null],
    ...always('int4', 2, 'numeric_precision_radix'),
    ...always('int4', 0, 'numeric_scale'),
    ['start_value', 'varchar', ({ start }) => `${start}`],
    ['minimum_value', 'varchar', ({ minimum }) => `${minimum}`],
    ['maximum_value', 'varchar', ({ maximum }) => `${maximum}`],
    ['increment', 'varchar', ({ increment }) => `${increment}`],
    ['cycle_option', 'varchar', ({ cycle }) => yesOrNo(cycle)],
  ],
)
