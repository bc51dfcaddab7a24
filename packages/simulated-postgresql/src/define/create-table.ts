import { isTemporary } from '../catalogue/catalogue.ts'
import { type Column, columnsOf, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { QueryScope } from '../execute/scope.ts'
import { requireCollation } from '../expressions/collation.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { errorAt, NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { isSystemColumn } from '../sql/system-columns.ts'
import { undefinedType } from '../sql/undefined.ts'
import { assignXid } from '../storage/rows.ts'
import type { Sequence } from '../storage/sequence.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlType } from '../types/value.ts'
import { addConstraint, setNotNull } from './constraints.ts'
import { chosenName } from './indexes.ts'
import { freeName, relationOf } from './names.ts'
import { partitionBy } from './partitions.ts'
import { newSequence, sequenceOptions } from './sequences.ts'

const SERIALS: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
}

export function* createTable(fields: Fields<'CreateStmt'>, context: Context, run: Run): Coroutine<string> {
  const { relation, tableElts, if_not_exists, oncommit, partspec, ...rest } = fields
  refuseRest('CreateStmt', rest, ['options'])
  const free = yield* freeName(relation, if_not_exists === true, context, run)
  if (free === undefined) return 'CREATE TABLE'
  const table = emptyTable(free.schema, free.name, run)
  table.onCommit = onCommitOf(oncommit, table)
  const constraints: { readonly fields: Fields<'Constraint'>; readonly column: Column | undefined }[] = []
  for (const node of tableElts ?? []) {
    if ('Constraint' in node) constraints.push({ fields: node.Constraint, column: undefined })
    else if ('ColumnDef' in node) {
      const added = addColumn(node.ColumnDef, table, context, run)
      constraints.push(...added.constraints.map((each) => ({ fields: each, column: added.column })))
    } else addColumnsLike(expectKind(node, 'TableLikeClause'), table, context, run)
  }
  // As in PostgreSQL, the table is created after the sequences of its columns.
  yield* run.catalogue.create(table, run)
  partitionBy(table, partspec)
  // Keys come before foreign keys, which may refer to the table itself.
  const order = [['CONSTR_PRIMARY'], ['CONSTR_UNIQUE', 'CONSTR_EXCLUSION'], ['CONSTR_CHECK'], ['CONSTR_FOREIGN']]
  // The constraints of a new table are valid even with NOT VALID.
  for (const kinds of order)
    for (const {
      fields: { skip_validation: _, ...constraint },
      column,
    } of constraints)
      if (kinds.includes(constraint.contype ?? '')) yield* addConstraint(constraint, table, column, context, run)
  for (const { fields: constraint } of constraints)
    if (!order.flat().includes(constraint.contype ?? ''))
      throw new NotSupported(`a constraint of the kind ${constraint.contype ?? ''}`)
  return 'CREATE TABLE'
}

const ON_COMMIT: ReadonlyMap<string, Table['onCommit']> = new Map([
  ['ONCOMMIT_DELETE_ROWS', 'delete rows'],
  ['ONCOMMIT_DROP', 'drop'],
])

export function onCommitOf(option: Fields<'CreateStmt'>['oncommit'], table: Table): Table['onCommit'] {
  if (option !== 'ONCOMMIT_NOOP' && option !== undefined && !isTemporary(table))
    throw new SqlError('42P16', 'ON COMMIT can only be used on temporary tables')
  return ON_COMMIT.get(option ?? '')
}

/** Bits of CREATE_TABLE_LIKE_* in PostgreSQL's parsenodes.h. */
const LIKE = { constraints: 1 << 2, defaults: 1 << 3, generated: 1 << 4, identity: 1 << 5, indexes: 1 << 6 } as const

/** The LIKE clause of CREATE TABLE: adds the columns of another table. */
function addColumnsLike(fields: Fields<'TableLikeClause'>, table: Table, context: Context, run: Run): void {
  const { relation, options = 0, ...rest } = fields
  refuseRest('TableLikeClause', rest)
  const other = relationOf(relation, context)
  const columns = columnsOf(other)
  const includes = (part: keyof typeof LIKE): boolean => (options & LIKE[part]) !== 0
  const refused: readonly (readonly [boolean, string])[] = [
    [includes('constraints') && other.checks.length > 0, 'CONSTRAINTS'],
    [includes('generated') && columns.some(({ generated }) => generated !== undefined), 'GENERATED'],
    [includes('identity') && columns.some(({ identity }) => identity !== undefined), 'IDENTITY'],
    [includes('indexes') && other.indexes.length > 0, 'INDEXES'],
  ]
  for (const [needed, part] of refused) if (needed) throw new NotSupported(`LIKE … INCLUDING ${part}`)
  for (const { name, type, notNull, default: value } of columns) {
    const column = newColumn(table, name, type, run)
    column.notNull = notNull
    if (includes('defaults')) column.default = value
  }
}

export function newColumn(table: Table, name: string, type: SqlType, run: Run): Column {
  if (table.columns.some((each) => !each.dropped && each.name === name))
    throw new SqlError('42701', `column "${name}" of relation "${table.name}" already exists`)
  if (isSystemColumn(name)) throw new SqlError('42701', `column name "${name}" conflicts with a system column name`)
  const column: Column = {
    name,
    type,
    notNull: false,
    attribute: table.columns.length + 1,
    dropped: false,
    default: undefined,
    identity: undefined,
    generated: undefined,
  }
  run.catalogue.change(table, { columns: [...table.columns, column] }, run)
  return column
}

export function emptyTable(schema: string, name: string, run: Run): Table {
  assignXid(run)
  return {
    oid: run.store.nextOid(),
    schema,
    name,
    columns: [],
    tuples: [],
    rowsInserted: 0,
    indexes: [],
    garbage: 0,
    readers: new Set(),
    pageReaders: new Set(),
    checks: [],
    foreignKeys: [],
    triggers: [],
    onCommit: undefined,
    owner: run.user,
    rowSecurity: false,
    policies: [],
    partitioned: undefined,
    partitionOf: undefined,
    view: undefined,
    materialized: undefined,
  }
}

interface Added {
  readonly column: Column
  readonly constraints: readonly Fields<'Constraint'>[]
}

export function addColumn(fields: Fields<'ColumnDef'>, table: Table, context: Context, run: Run): Added {
  const { colname = '', typeName, collClause, constraints, ...others } = fields
  refuseRest('ColumnDef', others, ['is_local'])
  const serial = SERIALS[namesOf(typeName?.names).join('.')]
  const type: SqlType = serial === undefined ? resolveTypeName(typeName, context) : typeNamed(serial, context)
  requireCollation(collClause, type, context.types)
  const column = newColumn(table, colname, type, run)
  if (serial !== undefined) addSerial(table, column, context, run)
  const rest: Fields<'Constraint'>[] = []
  for (const each of withAttributes(constraints))
    if (!addColumnProperty(each, table, column, context, run)) rest.push(each)
  return { column, constraints: rest }
}

const DEFERRABLE = ['CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_EXCLUSION', 'CONSTR_FOREIGN']

/** Moves DEFERRABLE and similar attributes into the constraints before them. */
function withAttributes(nodes: readonly Node[] | undefined): readonly Fields<'Constraint'>[] {
  const constraints: Fields<'Constraint'>[] = []
  for (const node of nodes ?? []) {
    const fields = expectKind(node, 'Constraint')
    const [, kind] = /^CONSTR_ATTR_((?:NOT_)?DEFERRABLE|DEFERRED|IMMEDIATE)$/.exec(fields.contype ?? '') ?? []
    const last = kind === undefined ? fields : constraints.pop()
    const attribute = kind?.replace('_', ' ').replace(/^(?=DEFERRED|IMMEDIATE)/, 'INITIALLY ')
    if (attribute !== undefined && !DEFERRABLE.includes(last?.contype ?? ''))
      throw errorAt(fields.location, '42601', `misplaced ${attribute} clause`)
    if (kind === 'NOT_DEFERRABLE' ? last?.initdeferred === true : kind === 'DEFERRED' && last?.deferrable === false)
      throw errorAt(fields.location, '42601', 'constraint declared INITIALLY DEFERRED must be DEFERRABLE')
    const deferred = kind === 'DEFERRED' ? { initdeferred: true } : {}
    const deferrable = kind === undefined || kind === 'IMMEDIATE' ? {} : { deferrable: kind !== 'NOT_DEFERRABLE' }
    constraints.push({ ...last, ...deferred, ...deferrable })
  }
  return constraints
}

function typeNamed(name: string, context: Context): SqlType {
  const type = context.types.named(name)
  if (type === undefined) throw undefinedType([undefined, name])
  return { oid: type.oid, name, typmod: -1 }
}

/** Applies a clause such as NOT NULL or DEFAULT. Returns false for other constraints, which belong to the table. */
function addColumnProperty(
  fields: Fields<'Constraint'>,
  table: Table,
  column: Column,
  context: Context,
  run: Run,
): boolean {
  switch (fields.contype) {
    case 'CONSTR_NULL':
    case 'CONSTR_NOTNULL': {
      const { conname: _, ...others } = fields
      refuseRest('Constraint', others, ['contype'])
      column.notNull ||= fields.contype === 'CONSTR_NOTNULL'
      return true
    }
    case 'CONSTR_DEFAULT': {
      const { raw_expr, ...others } = fields
      refuseRest('Constraint', others, ['contype'])
      setDefault(column, raw_expr, context)
      return true
    }
    case 'CONSTR_IDENTITY': {
      const { generated_when, options, ...unread } = fields
      refuseRest('Constraint', unread, ['contype'])
      addIdentity(table, column, generated_when === 'a', options, context, run)
      return true
    }
    case 'CONSTR_GENERATED': {
      const { raw_expr, generated_when, ...unread } = fields
      refuseRest('Constraint', unread, ['contype', 'generated_kind'])
      if (generated_when !== 'a' || fields.generated_kind === 'v') throw new NotSupported('a virtual generated column')
      column.generated = raw_expr
      return true
    }
    default:
      return false
  }
}

/** Stores a default. Compiles it to report errors immediately. */
export function setDefault(
  column: Pick<Column, 'name' | 'type' | 'default'>,
  node: Node | undefined,
  context: Context,
): void {
  if (node !== undefined) {
    const scope = new QueryScope(context, undefined)
    scope.place = 'DEFAULT expressions'
    context.assigned(node, scope, column)
  }
  column.default = node
}

function addSerial(table: Table, column: Column, context: Context, run: Run): void {
  const sequence = ownedSequence(table, column, context, run)
  column.notNull = true
  column.default = nextvalOf(sequence)
}

function nextvalOf(sequence: Sequence): Node {
  const name = `"${sequence.schema}"."${sequence.name}"`
  return {
    FuncCall: {
      funcname: [{ String: { sval: 'nextval' } }],
      args: [
        {
          TypeCast: {
            arg: { A_Const: { sval: { sval: name } } },
            typeName: { names: [{ String: { sval: 'regclass' } }], typemod: -1 },
          },
        },
      ],
      funcformat: 'COERCE_EXPLICIT_CALL',
    },
  }
}

export function addIdentity(
  table: Table,
  column: Column,
  always: boolean,
  options: readonly Node[] | undefined,
  context: Context,
  run: Run,
): void {
  if (column.identity !== undefined)
    throw new SqlError('55000', `column "${column.name}" of relation "${table.name}" is already an identity column`)
  const sequence = ownedSequence(table, column, context, run, options)
  if (!column.notNull) setNotNull(table, column, run)
  run.catalogue.change(column, { identity: { sequence, always } }, run)
}

function ownedSequence(table: Table, column: Column, context: Context, run: Run, options?: readonly Node[]): Sequence {
  const name = chosenName(`${table.name}_${column.name}_seq`, table.schema, context)
  const sequence = newSequence(table.schema, name, column.type.oid, run)
  sequenceOptions(sequence, options, context, true)
  sequence.owner = { table, attribute: column.attribute }
  const { catalogue, transaction } = run
  // The sequence's row is added without waiting, because no other transaction uses its name or waits for the name.
  catalogue.relations.add(catalogue.keyOf(table.schema, name, transaction), sequence, transaction.current)
  return sequence
}
