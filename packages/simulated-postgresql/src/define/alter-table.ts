import { type Column, columnNamed, columnsOf, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import { oweForeignKey } from '../execute/foreign-keys.ts'
import type { Run } from '../execute/model.ts'
import { compileDefault, rowScope } from '../execute/table-facts.ts'
import { coerce } from '../expressions/coerce.ts'
import { requireCollation } from '../expressions/collation.ts'
import { compileExpression } from '../expressions/compile.ts'
import { foldOf } from '../expressions/fold.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import { LOCK_MODES, type LockMode } from '../storage/modes.ts'
import { assignXid, latestTuples, rewriteColumn } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import { alterComposite } from './composite-types.ts'
import { addConstraint, revalidate, setNotNull } from './constraints.ts'
import { addColumn, addIdentity, setDefault } from './create-table.ts'
import { addIndex, dropIndexes, rebuilt } from './indexes.ts'
import { hasDependents, tableOf, viewsOn } from './names.ts'
import { attachPartition } from './partitions.ts'
import { requireNoPolicies, setOwner, setRowSecurity } from './row-security.ts'

export function* alterTable(fields: Fields<'AlterTableStmt'>, context: Context, run: Run): Coroutine<string> {
  const { relation, cmds, missing_ok, ...rest } = fields
  refuseRest('AlterTableStmt', rest, ['objtype'])
  if (fields.objtype === 'OBJECT_TYPE') return yield* alterComposite(fields, context, run)
  if (fields.objtype !== 'OBJECT_TABLE')
    throw new NotSupported(`ALTER ${(fields.objtype ?? '').replace('OBJECT_', '')}`)
  if (missing_ok === true && context.table(relation?.schemaname, relation?.relname ?? '') === undefined) {
    run.notice('NOTICE', '00000', `relation "${relation?.relname}" does not exist, skipping`)
    return 'ALTER TABLE'
  }
  const commands = (cmds ?? []).map((node) => expectKind(node, 'AlterTableCmd'))
  const table = yield* run.lockNamed(() => tableOf(relation, context), lockOf(commands))
  assignXid(run)
  if (table.partitioned !== undefined && table.partitioned.partitions.length > 0)
    requireOnly(commands, 'AT_AttachPartition')
  for (const each of commands) yield* alter(each, table, context, run)
  return 'ALTER TABLE'
}

function lockOf(commands: readonly Fields<'AlterTableCmd'>[]): LockMode {
  const modes = commands.map(({ subtype, def }): LockMode => {
    switch (subtype) {
      case 'AT_AddConstraint':
        return expectKind(def, 'Constraint').contype === 'CONSTR_FOREIGN'
          ? 'ShareRowExclusiveLock'
          : 'AccessExclusiveLock'
      case 'AT_ValidateConstraint':
      case 'AT_SetStatistics':
      case 'AT_ClusterOn':
        return 'ShareUpdateExclusiveLock'
      default:
        return 'AccessExclusiveLock'
    }
  })
  return LOCK_MODES.findLast((mode) => modes.includes(mode)) ?? 'AccessExclusiveLock'
}

function* alter(fields: Fields<'AlterTableCmd'>, table: Table, context: Context, run: Run): Coroutine {
  const { subtype, name = '', def, behavior, missing_ok, newowner, ...rest } = fields
  refuseRest('AlterTableCmd', rest)
  switch (subtype) {
    case 'AT_AddColumn':
      yield* addColumnUnless(expectKind(def, 'ColumnDef'), missing_ok === true, table, context, run)
      return
    case 'AT_DropColumn':
      dropColumn(table, name, behavior === 'DROP_CASCADE', missing_ok === true, run, context)
      return
    case 'AT_ColumnDefault':
      changeDefault(columnNamed(table, name), def, context, run)
      return
    case 'AT_SetNotNull':
      setNotNull(table, columnNamed(table, name), run)
      return
    case 'AT_DropNotNull':
      dropNotNull(table, name, run)
      return
    case 'AT_AlterColumnType':
      yield* changeType(table, columnNamed(table, name), expectKind(def, 'ColumnDef'), context, run)
      return
    case 'AT_AddConstraint':
      yield* addChecked(expectKind(def, 'Constraint'), table, undefined, context, run)
      return
    case 'AT_DropConstraint':
      yield* dropConstraint(table, name, behavior === 'DROP_CASCADE', missing_ok === true, run)
      return
    case 'AT_AddIdentity': {
      const { generated_when, options, ...others } = expectKind(def, 'Constraint')
      refuseRest('Constraint', others, ['contype'])
      const column = columnNamed(table, name)
      if (!column.notNull)
        throw new SqlError(
          '55000',
          `column "${name}" of relation "${table.name}" must be declared NOT NULL before identity can be added`,
        )
      addIdentity(table, column, generated_when === 'a', options, context, run)
      return
    }
    case 'AT_ValidateConstraint':
      validateConstraint(table, name, context, run)
      return
    case 'AT_AttachPartition':
      yield* attachPartition(table, expectKind(def, 'PartitionCmd'), context, run)
      return
    case 'AT_EnableRowSecurity':
    case 'AT_DisableRowSecurity':
      setRowSecurity(table, subtype === 'AT_EnableRowSecurity', run)
      return
    case 'AT_ChangeOwner':
      setOwner(table, newowner, run)
      return
    // These subcommands affect no query result.
    case 'AT_NoForceRowSecurity':
    case 'AT_ReplicaIdentity':
    case 'AT_SetStatistics':
    case 'AT_SetRelOptions':
    case 'AT_ClusterOn':
      return
    default:
      throw new NotSupported(`ALTER TABLE ${(subtype ?? '').replace('AT_', '')}`)
  }
}

/** Refuses every subcommand except `subtype`, because the others would have to change each partition as well. */
function requireOnly(commands: readonly Fields<'AlterTableCmd'>[], subtype: string): void {
  if (commands.some((each) => each.subtype !== subtype))
    throw new NotSupported('ALTER TABLE of a table with partitions')
}

function changeDefault(column: Column, value: Node | undefined, context: Context, run: Run): void {
  setDefault({ ...column }, value, context)
  run.catalogue.change(column, { default: value }, run)
}

function dropNotNull(table: Table, name: string, run: Run): void {
  const column = columnNamed(table, name)
  if (table.indexes.some((index) => index.primary && index.columns.includes(column.attribute - 1)))
    throw new SqlError('42P16', `column "${name}" is in a primary key`)
  run.catalogue.change(column, { notNull: false }, run)
}

function* addColumnUnless(
  definition: Fields<'ColumnDef'>,
  unlessThere: boolean,
  table: Table,
  context: Context,
  run: Run,
): Coroutine {
  const { colname } = definition
  if (unlessThere && columnsOf(table).some((column) => column.name === colname))
    run.notice('NOTICE', '42701', `column "${colname}" of relation "${table.name}" already exists, skipping`)
  else yield* addColumnToRows(definition, table, context, run)
}

function* addColumnToRows(fields: Fields<'ColumnDef'>, table: Table, context: Context, run: Run): Coroutine {
  yield* run.catalogue.touch(table, run)
  const { column, constraints } = addColumn(fields, table, context, run)
  const value = compileDefault(column, context)
  const generated = column.generated
  const computed = generated === undefined ? undefined : context.assigned(generated, rowScope(table, context), column)
  const env = { row: [], parameters: [], session: run }
  // Row versions that are not visible get the default if it is a constant. Otherwise they get NULL.
  const missing = computed === undefined && value !== undefined ? foldOf(value, env)?.value : undefined
  rewrite(table, column, run, (row) => (computed ?? value)?.evaluate({ ...env, row }) ?? null, missing)
  if (column.notNull) {
    column.notNull = false
    setNotNull(table, column, run)
  }
  for (const constraint of constraints) yield* addChecked(constraint, table, column, context, run)
}

function* addChecked(
  constraint: Fields<'Constraint'>,
  table: Table,
  column: Column | undefined,
  context: Context,
  run: Run,
): Coroutine {
  yield* addConstraint(constraint, table, column, context, run)
  const key = table.foreignKeys.at(-1)
  if (constraint.contype === 'CONSTR_FOREIGN' && constraint.skip_validation !== true && key !== undefined)
    oweForeignKey(key, run)
}

/**
 * Rewrites a column in all row versions, even those that only older snapshots show. No other session reads the table
 * before the transaction ends.
 */
function rewrite(
  table: Table,
  { attribute }: Column,
  run: Run,
  compute: (row: readonly SqlValue[]) => SqlValue,
  missing: SqlValue = null,
): void {
  const shown = new Set(latestTuples(table, run))
  rewriteColumn(table, attribute - 1, (tuple) => (shown.has(tuple) ? compute(tuple.values) : missing), run)
}

export function dropColumn(
  table: Table,
  name: string,
  cascade: boolean,
  missingOk: boolean,
  run: Run,
  context: Context,
): void {
  if (missingOk && !columnsOf(table).some((each) => each.name === name)) {
    run.notice('NOTICE', '42703', `column "${name}" of relation "${table.name}" does not exist, skipping`)
    return
  }
  const column = columnNamed(table, name)
  if (viewsOn(table, context).length > 0) throw new NotSupported('DROP COLUMN of a table that a view reads')
  requireNoPolicies(table, 'DROP COLUMN')
  if (table.partitioned !== undefined) throw new NotSupported('DROP COLUMN of a partitioned table')
  const place = column.attribute - 1
  if (run.catalogue.referencing(table, context.own).some((key) => key.referencedColumns.includes(place)))
    throw referredTo('column', name, table, cascade)
  dropIndexes(
    table,
    table.indexes.filter((index) => [...index.columns, ...index.included].includes(place)),
    run,
  )
  const foreignKeys = table.foreignKeys.filter((key) => !key.columns.includes(place))
  const checks = table.checks.filter((check) => !check.places.has(place))
  run.catalogue.change(table, { foreignKeys, checks }, run)
  for (const sequence of run.catalogue.visibleSequences(context.own))
    if (sequence.owner?.table === table && sequence.owner.attribute === column.attribute)
      run.catalogue.drop(sequence, run.transaction.current)
  const dropped = `........pg.dropped.${column.attribute}........`
  run.catalogue.change(column, { dropped: true, notNull: false, name: dropped }, run)
}

function* changeType(table: Table, column: Column, fields: Fields<'ColumnDef'>, context: Context, run: Run): Coroutine {
  const { typeName, collClause, raw_default, ...rest } = fields
  refuseRest('ColumnDef', rest)
  const type = resolveTypeName(typeName, context)
  requireCollation(collClause, type, context.types)
  if (viewsOn(table, context).length > 0) throw new NotSupported('ALTER COLUMN TYPE of a table that a view reads')
  requireNoPolicies(table, 'ALTER COLUMN TYPE')
  if (table.partitioned !== undefined) throw new NotSupported('ALTER COLUMN TYPE of a partitioned table')
  const scope = rowScope(table, context)
  const place = column.attribute - 1
  const reference = { ColumnRef: { fields: [{ String: { sval: column.name } }] } }
  const source = compileExpression(raw_default ?? reference, scope)
  let converted: ReturnType<typeof coerce>
  try {
    converted = coerce(source, type, 'a', scope)
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== '42846') throw error
    throw new SqlError(
      '42804',
      `column "${column.name}" cannot be cast automatically to type ${context.format(type)}`,
      {
        hint: `You might need to specify "USING ${column.name}::${context.format(type)}".`,
      },
    )
  }
  if (
    table.indexes.some(
      ({ columns, excludes }) => excludes !== undefined && columns.some((at) => at === undefined || at === place),
    )
  )
    throw new NotSupported('ALTER COLUMN TYPE of a column in an exclusion constraint')
  rewrite(table, column, run, (row) => converted.evaluate({ row, parameters: [], session: run }))
  const { indexes } = table
  run.catalogue.change(column, { type, default: convertedDefault(column.default, column.type, type) }, run)
  dropIndexes(table, indexes, run)
  setDefault(column, column.default, context)
  revalidate(
    table,
    table.checks.filter(({ validated }) => validated),
    context,
    run,
  )
  for (const index of indexes) yield* addIndex(table, rebuilt(index, table, context, run), run)
  for (const key of run.catalogue.referencing(table, context.own)) {
    const { index } = key
    run.catalogue.change(key, { index: table.indexes.find((each) => each.oid === index.oid) ?? index }, run)
  }
}

/** Casts a default to the column's old type, because the conversion starts from a value of that type. */
function convertedDefault(node: Node | undefined, from: SqlType, to: SqlType): Node | undefined {
  if (node === undefined || from.oid === to.oid) return node
  return { TypeCast: { arg: node, typeName: { names: [{ String: { sval: from.name } }], typemod: -1 } } }
}

function validateConstraint(table: Table, name: string, context: Context, run: Run): void {
  const check = table.checks.find((each) => each.name === name)
  const key = table.foreignKeys.find((each) => each.name === name)
  if (check !== undefined) {
    revalidate(table, [check], context, run)
    run.catalogue.change(check, { validated: true }, run)
  } else if (key !== undefined) {
    oweForeignKey(key, run)
    run.catalogue.change(key, { validated: true }, run)
  } else if (table.indexes.some((each) => each.constraint && each.name === name))
    throw new SqlError(
      '42809',
      `constraint "${name}" of relation "${table.name}" is not a foreign key, check, or not-null constraint`,
    )
  else throw new SqlError('42704', `constraint "${name}" of relation "${table.name}" does not exist`)
}

function referredTo(what: 'column' | 'constraint', name: string, table: Table, cascade: boolean): Error {
  if (cascade) return new NotSupported(`DROP ${what.toUpperCase()} … CASCADE of what a foreign key refers to`)
  return hasDependents(`${what} ${name} ${what === 'column' ? 'of' : 'on'} table ${table.name}`)
}

function* dropConstraint(table: Table, name: string, cascade: boolean, missingOk: boolean, run: Run): Coroutine {
  // The referenced table is locked too, because DROP CONSTRAINT removes the foreign key's triggers from it.
  for (const key of table.foreignKeys)
    if (key.name === name) yield* run.lockTable(key.referenced, 'AccessExclusiveLock')
  const indexes = table.indexes.filter((index) => index.constraint && index.name === name)
  if (run.catalogue.referencing(table, run.transaction).some(({ index }) => indexes.includes(index)))
    throw referredTo('constraint', name, table, cascade)
  dropIndexes(table, indexes, run)
  const foreignKeys = table.foreignKeys.filter((key) => key.name !== name)
  const checks = table.checks.filter((check) => check.name !== name)
  const found =
    indexes.length > 0 || foreignKeys.length < table.foreignKeys.length || checks.length < table.checks.length
  if (!found && missingOk) return
  if (!found) throw new SqlError('42704', `constraint "${name}" of relation "${table.name}" does not exist`)
  run.catalogue.change(table, { foreignKeys, checks }, run)
}
