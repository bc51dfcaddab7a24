import { columnNamed, columnsOf, kindOfRelation, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { isSystemColumn } from '../sql/system-columns.ts'
import { undefinedRelation } from '../sql/undefined.ts'
import { assignXid } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import { isFree, relationOf, viewsOn } from './names.ts'

export function* rename(fields: Fields<'RenameStmt'>, context: Context, run: Run): Coroutine<string> {
  const { renameType, relation, subname = '', newname = '', missing_ok, ...rest } = fields
  refuseRest('RenameStmt', rest, ['relationType', 'behavior'])
  if (renameType === 'OBJECT_INDEX') return yield* renameIndex(relation, newname, missing_ok === true, context, run)
  if (missing_ok === true && context.table(relation?.schemaname, relation?.relname ?? '') === undefined) {
    run.notice('NOTICE', '00000', `relation "${relation?.relname}" does not exist, skipping`)
    return 'ALTER TABLE'
  }
  const table = yield* run.lockNamed(() => relationOf(relation, context), 'AccessExclusiveLock')
  const isView = renameType === 'OBJECT_MATVIEW'
  if (isView && table.materialized === undefined)
    throw new SqlError('42809', `"${table.name}" is not a materialized view`)
  if (!isView && kindOfRelation(table) !== 'table') throw new NotSupported(`RENAME of a ${kindOfRelation(table)}`)
  if (table.partitioned !== undefined) throw new NotSupported('RENAME of a partitioned table')
  if (viewsOn(table, context).length > 0) throw new NotSupported('RENAME of a table or column that a view reads')
  assignXid(run)
  switch (renameType) {
    case 'OBJECT_TABLE':
    case 'OBJECT_MATVIEW':
      isFree(table.schema, newname, false, context, run)
      yield* renameTable(table, newname, run)
      return isView ? 'ALTER MATERIALIZED VIEW' : 'ALTER TABLE'
    case 'OBJECT_COLUMN': {
      const column = columnNamed(table, subname)
      if (isSystemColumn(newname))
        throw new SqlError('42701', `column name "${newname}" conflicts with a system column name`)
      if (table.columns.some((each) => !each.dropped && each.name === newname))
        throw new SqlError('42701', `column "${newname}" of relation "${table.name}" already exists`)
      run.catalogue.change(column, { name: newname }, run)
      rewriteExpressions(table, (path) => (path.at(-1) === subname ? path.with(-1, newname) : path), run)
      return 'ALTER TABLE'
    }
    case 'OBJECT_TABCONSTRAINT':
      yield* renameConstraint(table, subname, newname, run)
      return 'ALTER TABLE'
    default:
      throw new NotSupported(`RENAME of ${(renameType ?? '').replace('OBJECT_', '')}`)
  }
}

function* renameIndex(
  relation: Fields<'RangeVar'> | undefined,
  name: string,
  missingOk: boolean,
  context: Context,
  run: Run,
): Coroutine<string> {
  const { schemaname, relname = '' } = relation ?? {}
  const { catalogue } = run
  const path = context.pathOf(schemaname)
  yield* run.lockNamed(() => catalogue.index(path, relname, context.own)?.index, 'ShareUpdateExclusiveLock')
  const found = catalogue.index(path, relname, context.own)
  if (found !== undefined) {
    isFree(found.table.schema, name, false, context, run)
    yield* catalogue.rename(found, name, run)
  } else if (missingOk) run.notice('NOTICE', '00000', `relation "${relname}" does not exist, skipping`)
  else throw undefinedRelation([schemaname, relname])
  return 'ALTER INDEX'
}

function* renameConstraint(table: Table, old: string, name: string, run: Run): Coroutine {
  const { catalogue, transaction } = run
  const named = [...table.checks, ...table.foreignKeys, ...table.indexes.filter((index) => index.constraint)]
  const found = named.find((each) => each.name === old)
  if (found === undefined) throw new SqlError('42704', `constraint "${old}" for table "${table.name}" does not exist`)
  const row = 'entries' in found ? catalogue.indexByOid(found.oid, transaction) : undefined
  if (row !== undefined) {
    yield* catalogue.rename(row, name, run)
    return
  }
  catalogue.change(found, { name }, run)
}

function* renameTable(table: Table, newname: string, run: Run): Coroutine {
  const { name } = table
  yield* run.catalogue.rename(table, newname, run)
  const isColumn = columnsOf(table).some((column) => column.name === name)
  rewriteExpressions(
    table,
    (path) => {
      if (path.length === 1) return path[0] === name && !isColumn ? [newname] : path
      return path.at(-2) === name ? path.with(-2, newname) : path
    },
    run,
  )
}

/** The parts of a column name as written: `v`, `kv.v`. */
type Path = readonly string[]

/**
 * Renames columns in the parse trees of a table's expressions. Compiled expressions need no change: they find columns
 * by index.
 */
function rewriteExpressions(table: Table, rename: (path: Path) => Path, run: Run): void {
  const { catalogue } = run
  const parsed = (text: string) =>
    JSON.parse(text, (name, part) => (name === 'ColumnRef' ? renamedColumn(part, rename) : part))
  const inText = (text: string | undefined): string | undefined => text && JSON.stringify(parsed(text))
  const inTree = <T extends Node | undefined>(tree: T): T => tree && parsed(JSON.stringify(tree))
  const checks = table.checks.map((check) => ({ ...check, expression: inTree(check.expression) }))
  const triggers = table.triggers.map((trigger) => ({ ...trigger, when: inTree(trigger.when) }))
  catalogue.change(table, { checks, triggers }, run)
  for (const column of table.columns) catalogue.change(column, { generated: inTree(column.generated) }, run)
  for (const index of table.indexes)
    catalogue.change(index, { expressions: index.expressions.map(inText), condition: inText(index.condition) }, run)
}

function renamedColumn(column: Fields<'ColumnRef'>, rename: (path: Path) => Path): Fields<'ColumnRef'> {
  const { fields = [] } = column
  if (!fields.every((field) => 'String' in field)) return column
  return { ...column, fields: rename(namesOf(fields)).map((sval) => ({ String: { sval } })) }
}
