import { isTemporary } from '../catalogue/catalogue.ts'
import { createIndex } from '../catalogue/indexes.ts'
import {
  type Check,
  type Column,
  columnNamed,
  type ForeignKey,
  type ReferentialAction,
  type Table,
} from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { equalityOf } from '../execute/scope.ts'
import { rowScope } from '../execute/table-facts.ts'
import type { Compiled } from '../expressions/env.ts'
import { order } from '../order.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, namesOf, refuseRest } from '../sql/nodes.ts'
import { latestTuples } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import { caselessAmong } from '../types/types.ts'
import { addExclusion } from './exclusion.ts'
import { addIndex, chosenName, firstFree, requirePartitionKey } from './indexes.ts'
import { isFree, tableOf } from './names.ts'

/** Adds a constraint. ALTER TABLE checks the existing rows. */
export function* addConstraint(
  fields: Fields<'Constraint'>,
  table: Table,
  column: Column | undefined,
  context: Context,
  run: Run,
): Coroutine {
  if (['CONSTR_CHECK', 'CONSTR_FOREIGN'].includes(fields.contype ?? '') && fields.is_enforced !== true)
    throw new NotSupported('NOT ENFORCED')
  switch (fields.contype) {
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
      yield* addKey(fields, table, column, context, run)
      break
    case 'CONSTR_CHECK':
      addCheck(fields, table, context, run)
      yield* run.catalogue.touch(table, run)
      break
    case 'CONSTR_FOREIGN':
      yield* addForeignKey(fields, table, column, context, run)
      break
    case 'CONSTR_EXCLUSION':
      yield* addExclusion(fields, table, context, run)
      break
    default:
      throw new NotSupported(`a constraint of the kind ${fields.contype ?? ''}`.replace('CONSTR_', ''))
  }
}

function* addKey(
  fields: Fields<'Constraint'>,
  table: Table,
  column: Column | undefined,
  context: Context,
  run: Run,
): Coroutine {
  const { contype, conname, keys, nulls_not_distinct, deferrable, initdeferred, indexname, ...rest } = fields
  refuseRest('Constraint', rest, ['options'])
  const primary = contype === 'CONSTR_PRIMARY'
  if (indexname !== undefined) {
    yield* adopt(table, indexname, conname ?? indexname, run)
    return
  }
  const columns = column === undefined ? namesOf(keys).map((name) => columnNamed(table, name, true)) : [column]
  const twice = columns.find((each, at) => columns.indexOf(each) < at)
  if (twice !== undefined)
    throw new SqlError(
      '42701',
      `column "${twice.name}" appears twice in ${primary ? 'primary key' : 'unique'} constraint`,
    )
  if (primary) {
    if (table.indexes.some((index) => index.primary))
      throw new SqlError('42P16', `multiple primary keys for table "${table.name}" are not allowed`)
    for (const each of columns) setNotNull(table, each, run)
  }
  if (conname !== undefined && isFree(table.schema, conname, false, context, run)) requireNewConstraint(table, conname)
  requirePartitionKey(
    table,
    columns.map((each) => each.attribute - 1),
    primary ? 'PRIMARY KEY' : 'UNIQUE',
  )
  const names = primary ? '' : `_${columns.map((each) => each.name).join('_')}`
  const index = createIndex(
    {
      oid: run.store.nextOid(),
      name: conname ?? chosenName(`${table.name}${names}_${primary ? 'pkey' : 'key'}`, table.schema, context),
      unique: true,
      primary,
      nullsNotDistinct: nulls_not_distinct === true,
      constraint: true,
      deferrable: deferrable === true,
      initiallyDeferred: initdeferred === true,
      columns: columns.map((each) => ({ place: each.attribute - 1, order: '' })),
      method: 'btree',
      condition: undefined,
      excludes: undefined,
    },
    table,
    run.engineFacts,
  )
  yield* addIndex(table, index, run)
}

function* adopt(table: Table, indexname: string, name: string, run: Run): Coroutine {
  const index = table.indexes.find((each) => each.name === indexname)
  if (index === undefined) throw new SqlError('42704', `index "${indexname}" does not exist`)
  const { catalogue, transaction } = run
  const row = catalogue.indexByOid(index.oid, transaction)
  if (row !== undefined && name !== indexname) yield* catalogue.rename(row, name, run)
  catalogue.change(index, { constraint: true }, run)
}

export function setNotNull(table: Table, column: Column, run: Run): void {
  if (column.notNull) return
  for (const { values } of latestTuples(table, run))
    if ((values[column.attribute - 1] ?? null) === null)
      throw new SqlError('23502', `column "${column.name}" of relation "${table.name}" contains null values`, {
        schema: table.schema,
        table: table.name,
        column: column.name,
      })
  run.catalogue.change(column, { notNull: true }, run)
}

function addCheck(fields: Fields<'Constraint'>, table: Table, context: Context, run: Run): void {
  const { conname, raw_expr, skip_validation, ...rest } = fields
  refuseRest('Constraint', rest, ['contype', 'initially_valid'])
  if (raw_expr === undefined) throw new NotSupported('CHECK without a condition')
  const scope = rowScope(table, context)
  const slots = new Set<number>()
  scope.recorder = (slot) => slots.add(slot)
  const compiled = context.condition(raw_expr, scope, 'CHECK')
  // If a CHECK reads a single column, the constraint's name contains the column's name.
  const [place] = slots
  const only = slots.size === 1 && place !== undefined ? table.columns[place] : undefined
  const base = only === undefined ? `${table.name}_check` : `${table.name}_${only.name}_check`
  const name = conname ?? freeConstraint(base, table)
  requireNewConstraint(table, name)
  if (skip_validation !== true) validate(table, compiled, name, run)
  const check: Check = {
    oid: run.store.nextOid(),
    name,
    expression: raw_expr,
    places: slots,
    validated: skip_validation !== true,
  }
  const checks = [...table.checks, check].toSorted((a, b) => order(a.name, b.name))
  run.catalogue.change(table, { checks }, run)
}

/** Checks the existing rows again. */
export function revalidate(table: Table, checks: readonly Check[], context: Context, run: Run): void {
  for (const { expression, name } of checks)
    validate(table, context.condition(expression, rowScope(table, context), 'CHECK'), name, run)
}

function validate(table: Table, condition: Compiled, name: string, run: Run): void {
  for (const { values } of latestTuples(table, run))
    if (condition.evaluate({ row: values, parameters: [], session: run }) === false)
      throw new SqlError('23514', `check constraint "${name}" of relation "${table.name}" is violated by some row`, {
        schema: table.schema,
        table: table.name,
        constraint: name,
      })
}

const ACTIONS: Readonly<Record<string, ReferentialAction>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
}

function* addForeignKey(
  fields: Fields<'Constraint'>,
  table: Table,
  column: Column | undefined,
  context: Context,
  run: Run,
): Coroutine {
  const {
    conname,
    pktable,
    fk_attrs,
    pk_attrs,
    fk_matchtype,
    fk_upd_action,
    fk_del_action,
    deferrable,
    initdeferred,
    skip_validation,
    ...rest
  } = fields
  refuseRest('Constraint', rest, ['contype', 'initially_valid'])
  if (fk_matchtype === 'p') throw new NotSupported('MATCH PARTIAL')
  if (conname !== undefined) requireNewConstraint(table, conname)
  const referenced = yield* run.lockNamed(() => tableOf(pktable, context, table), 'ShareRowExclusiveLock')
  if (referenced.partitioned !== undefined) throw new NotSupported('a foreign key to a partitioned table')
  if (isTemporary(table) !== isTemporary(referenced)) {
    const kind = isTemporary(table) ? 'temporary' : 'permanent'
    throw new SqlError('42P16', `constraints on ${kind} tables may reference only ${kind} tables`)
  }
  const columns = column === undefined ? namesOf(fk_attrs).map((name) => columnNamed(table, name, true)) : [column]
  const primary = referenced.indexes.find((index) => index.primary)
  const referencedPlaces =
    pk_attrs === undefined
      ? (primary?.columns ?? []).map((place) => place ?? -1)
      : namesOf(pk_attrs).map((name) => columnNamed(referenced, name, true).attribute - 1)
  if (referencedPlaces.length === 0)
    throw new SqlError('42704', `there is no primary key for referenced table "${referenced.name}"`)
  if (referencedPlaces.length !== columns.length)
    throw new SqlError('42830', 'number of referencing and referenced columns for foreign key disagree')
  const index = referenced.indexes.find(
    (each) =>
      each.unique &&
      !each.partial &&
      each.columns.length === referencedPlaces.length &&
      each.columns.every((place) => place !== undefined && referencedPlaces.includes(place)),
  )
  if (index === undefined)
    throw new SqlError(
      '42830',
      `there is no unique constraint matching given keys for referenced table "${referenced.name}"`,
    )
  const key: ForeignKey = {
    name: conname ?? freeConstraint(`${table.name}_${columns.map((each) => each.name).join('_')}_fkey`, table),
    oid: run.store.nextOid(),
    table,
    columns: columns.map((each) => each.attribute - 1),
    referenced,
    referencedColumns: referencedPlaces,
    index,
    onUpdate: ACTIONS[fk_upd_action ?? 'a'] ?? 'no action',
    onDelete: ACTIONS[fk_del_action ?? 'a'] ?? 'no action',
    matchFull: fk_matchtype === 'f',
    deferrable: deferrable === true,
    initiallyDeferred: initdeferred === true,
    validated: skip_validation !== true,
  }
  for (const [at, place] of key.columns.entries())
    checkComparable(key, table, place, referencedPlaces[at] ?? 0, context)
  run.catalogue.change(table, { foreignKeys: [...table.foreignKeys, key] }, run)
}

function checkComparable(key: ForeignKey, table: Table, place: number, other: number, context: Context): void {
  const mine = table.columns[place]
  const theirs = key.referenced.columns[other]
  if (mine === undefined || theirs === undefined || mine.type.oid === theirs.type.oid) return
  if (caselessAmong(context.types, [mine.type.oid, theirs.type.oid]) !== undefined)
    throw new NotSupported('a foreign key between citext and another type')
  try {
    const named = (type: Column['type'], name: string) => ({ name, type, slot: 0, tableOid: 0, attribute: 0 })
    equalityOf(named(theirs.type, 'a'), named(mine.type, 'b'), context)
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    throw new SqlError('42804', `foreign key constraint "${key.name}" cannot be implemented`, {
      detail: `Key columns "${mine.name}" and "${theirs.name}" are of incompatible types: ${context.format(mine.type)} and ${context.format(theirs.type)}.`,
    })
  }
}

function freeConstraint(base: string, table: Table): string {
  return firstFree(base, (name) => hasConstraint(table, name))
}

function requireNewConstraint(table: Table, name: string): void {
  if (hasConstraint(table, name))
    throw new SqlError('42710', `constraint "${name}" for relation "${table.name}" already exists`)
}

const hasConstraint = ({ checks, foreignKeys }: Table, name: string): boolean =>
  [...checks, ...foreignKeys].some((each) => each.name === name)
