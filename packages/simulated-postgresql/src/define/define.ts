import { isTemporary } from '../catalogue/catalogue.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf, kindOf, type Node, namesOf } from '../sql/nodes.ts'
import type { Wait } from '../storage/wait.ts'
import { alterTable } from './alter-table.ts'
import { comment } from './comments.ts'
import { createComposite } from './composite-types.ts'
import { createIndexStatement } from './create-index.ts'
import { createTable, emptyTable, newColumn, onCommitOf } from './create-table.ts'
import { alterDomain, createDomain } from './domains.ts'
import { drop } from './drop.ts'
import { insertAll, refresh } from './materialized-views.ts'
import { isFree, newName, type TableLocker } from './names.ts'
import { alterEnum, createEnum, createExtension, createSchema, createView } from './other.ts'
import { rename } from './rename.ts'
import { alterDefaultPrivileges, createRole, dropRole, grant, grantRole } from './roles.ts'
import { createFunction, createTrigger } from './routines.ts'
import { createPolicy } from './row-security.ts'
import { alterSequence, createSequence } from './sequences.ts'
import { truncate } from './truncate.ts'

/** Executes a statement that defines something; answers its tag. */
export function* define(node: Node, context: Context, run: Run, lock: TableLocker): Generator<Wait, string, void> {
  if ('CreateStmt' in node) {
    yield* createTable(node.CreateStmt, context, run)
    return 'CREATE TABLE'
  }
  if ('CreateTableAsStmt' in node) return yield* createTableAs(node.CreateTableAsStmt, context, run, lock)
  if ('IndexStmt' in node) {
    yield* createIndexStatement(node.IndexStmt, context, run, lock)
    return 'CREATE INDEX'
  }
  if ('AlterTableStmt' in node) return yield* alterTable(node.AlterTableStmt, context, run, lock)
  if ('DropStmt' in node) return yield* drop(node.DropStmt, context, run, lock)
  if ('TruncateStmt' in node) {
    yield* truncate(node.TruncateStmt, context, run, lock)
    return 'TRUNCATE TABLE'
  }
  if ('CreateSeqStmt' in node) {
    yield* createSequence(node.CreateSeqStmt, context, run)
    return 'CREATE SEQUENCE'
  }
  if ('AlterSeqStmt' in node) return alterSequence(node.AlterSeqStmt, context, run)
  if ('RenameStmt' in node) return yield* rename(node.RenameStmt, context, run, lock)
  if ('CreateEnumStmt' in node) return createEnum(node.CreateEnumStmt, context, run)
  if ('CompositeTypeStmt' in node) return createComposite(node.CompositeTypeStmt, context, run)
  if ('CreateDomainStmt' in node) return createDomain(node.CreateDomainStmt, context, run)
  if ('AlterDomainStmt' in node) return yield* alterDomain(node.AlterDomainStmt, context, run, lock)
  if ('AlterEnumStmt' in node) return alterEnum(node.AlterEnumStmt, context, run)
  if ('CreateSchemaStmt' in node) return createSchema(node.CreateSchemaStmt, run)
  if ('ViewStmt' in node) return yield* createView(node.ViewStmt, context, run, lock)
  if ('RefreshMatViewStmt' in node) return yield* refresh(node.RefreshMatViewStmt, context, run, lock)
  if ('CommentStmt' in node) return yield* comment(node.CommentStmt, context, run, lock)
  // What it says changes no result.
  if ('AlterOwnerStmt' in node) return 'ALTER OWNER'
  if ('CreateFunctionStmt' in node) return createFunction(node.CreateFunctionStmt, context, run)
  if ('CreateTrigStmt' in node) return yield* createTrigger(node.CreateTrigStmt, context, run, lock)
  if ('CreateExtensionStmt' in node) return createExtension(node.CreateExtensionStmt, run)
  if ('GrantStmt' in node) return grant(node.GrantStmt, context, run)
  if ('GrantRoleStmt' in node) return grantRole(node.GrantRoleStmt, run)
  if ('AlterDefaultPrivilegesStmt' in node) return alterDefaultPrivileges(node.AlterDefaultPrivilegesStmt, run)
  if ('CreatePolicyStmt' in node) return yield* createPolicy(node.CreatePolicyStmt, context, run, lock)
  if ('CreateRoleStmt' in node) return createRole(node.CreateRoleStmt, run)
  if ('DropRoleStmt' in node) return dropRole(node.DropRoleStmt, run)
  throw new NotSupported(statementName(node))
}

/** `CreateFunctionStmt` is CREATE FUNCTION. */
export function statementName(node: Node): string {
  return kindOf(node)
    .replace(/Stmt$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase()
}

/** CREATE TABLE … AS and CREATE MATERIALIZED VIEW: a table with the columns and rows of a query. */
function* createTableAs(
  fields: Fields<'CreateTableAsStmt'>,
  context: Context,
  run: Run,
  lock: TableLocker,
): Generator<Wait, string, void> {
  const { query, into, objtype, if_not_exists } = fieldsOf('CreateTableAsStmt', fields, [
    'query',
    'into',
    'objtype',
    'if_not_exists',
    'is_select_into',
  ])
  const isView = objtype === 'OBJECT_MATVIEW'
  const tag = isView ? 'CREATE MATERIALIZED VIEW' : 'CREATE TABLE AS'
  if (query === undefined || into === undefined || !('SelectStmt' in query))
    throw new NotSupported(`${tag} of this statement`)
  const { rel, colNames, onCommit, skipData } = fieldsOf('IntoClause', into, [
    'rel',
    'colNames',
    'onCommit',
    'skipData',
  ])
  const { schema, name } = newName(rel, context)
  if (!(yield* isFree(schema, name, if_not_exists === true, context, run))) return tag
  const plan = context.compilers.query(query, context, undefined)
  const names = namesOf(colNames)
  if (names.length > plan.columns.length) throw new SqlError('42601', 'too many column names were specified')
  if (isView && [...context.tables.keys()].some(isTemporary))
    throw new SqlError('0A000', 'materialized views must not use temporary tables or views')
  if (isView && [...context.tables.values()].includes('RowExclusiveLock'))
    throw new SqlError('0A000', 'materialized views must not use data-modifying statements in WITH')
  for (const [table, mode] of context.tables) yield* lock(table, mode)
  const rows = skipData === true ? [] : yield* plan.rows(run, undefined)
  const table = emptyTable(schema, name, run)
  table.onCommit = onCommitOf(onCommit, table)
  run.catalogue.add(table, run.transaction.current)
  for (const [at, column] of plan.columns.entries()) newColumn(table, names[at] ?? column.name, column.type, run)
  yield* insertAll(table, rows, context, run)
  if (isView) table.materialized = { query, populated: skipData !== true }
  return skipData === true ? tag : `SELECT ${rows.length}`
}
