import { isTemporary } from '../catalogue/catalogue.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf, kindOf, type Node, namesOf } from '../sql/nodes.ts'
import type { Coroutine } from '../storage/wait.ts'
import { alterTable } from './alter-table.ts'
import { comment } from './comments.ts'
import { createComposite } from './composite-types.ts'
import { createIndexStatement } from './create-index.ts'
import { createTable, emptyTable, newColumn, onCommitOf } from './create-table.ts'
import { alterDomain, createDomain } from './domains.ts'
import { drop } from './drop.ts'
import { insertAll, refresh } from './materialized-views.ts'
import { freeName, lockedQuery } from './names.ts'
import { createExtension, createSchema, createView } from './other.ts'
import { rename } from './rename.ts'
import { alterDefaultPrivileges, createRole, dropRole, grant, grantRole } from './roles.ts'
import { createFunction, createTrigger } from './routines.ts'
import { createPolicy } from './row-security.ts'
import { alterSequence, createSequence } from './sequences.ts'
import { truncate } from './truncate.ts'
import { alterEnum, createEnum } from './types.ts'

export function* define(node: Node, context: Context, run: Run): Coroutine<string> {
  if ('CreateStmt' in node) {
    yield* createTable(node.CreateStmt, context, run)
    return 'CREATE TABLE'
  }
  if ('CreateTableAsStmt' in node) return yield* createTableAs(node.CreateTableAsStmt, context, run)
  if ('IndexStmt' in node) {
    yield* createIndexStatement(node.IndexStmt, context, run)
    return 'CREATE INDEX'
  }
  if ('AlterTableStmt' in node) return yield* alterTable(node.AlterTableStmt, context, run)
  if ('DropStmt' in node) return yield* drop(node.DropStmt, context, run)
  if ('TruncateStmt' in node) {
    yield* truncate(node.TruncateStmt, context, run)
    return 'TRUNCATE TABLE'
  }
  if ('CreateSeqStmt' in node) {
    yield* createSequence(node.CreateSeqStmt, context, run)
    return 'CREATE SEQUENCE'
  }
  if ('AlterSeqStmt' in node) return alterSequence(node.AlterSeqStmt, context, run)
  if ('RenameStmt' in node) return yield* rename(node.RenameStmt, context, run)
  if ('CreateEnumStmt' in node) return yield* createEnum(node.CreateEnumStmt, context, run)
  if ('CompositeTypeStmt' in node) return yield* createComposite(node.CompositeTypeStmt, context, run)
  if ('CreateDomainStmt' in node) return yield* createDomain(node.CreateDomainStmt, context, run)
  if ('AlterDomainStmt' in node) return yield* alterDomain(node.AlterDomainStmt, context, run)
  if ('AlterEnumStmt' in node) return yield* alterEnum(node.AlterEnumStmt, context, run)
  if ('CreateSchemaStmt' in node) return yield* createSchema(node.CreateSchemaStmt, run)
  if ('ViewStmt' in node) return yield* createView(node.ViewStmt, context, run)
  if ('RefreshMatViewStmt' in node) return yield* refresh(node.RefreshMatViewStmt, context, run)
  if ('CommentStmt' in node) return yield* comment(node.CommentStmt, context, run)
  // No query result depends on the owner of an object other than a relation.
  if ('AlterOwnerStmt' in node) return 'ALTER OWNER'
  if ('CreateFunctionStmt' in node) return yield* createFunction(node.CreateFunctionStmt, context, run)
  if ('CreateTrigStmt' in node) return yield* createTrigger(node.CreateTrigStmt, context, run)
  if ('CreateExtensionStmt' in node) return yield* createExtension(node.CreateExtensionStmt, run)
  if ('GrantStmt' in node) return yield* grant(node.GrantStmt, context, run)
  if ('GrantRoleStmt' in node) return grantRole(node.GrantRoleStmt, run)
  if ('AlterDefaultPrivilegesStmt' in node) return alterDefaultPrivileges(node.AlterDefaultPrivilegesStmt, run)
  if ('CreatePolicyStmt' in node) return yield* createPolicy(node.CreatePolicyStmt, context, run)
  if ('CreateRoleStmt' in node) return yield* createRole(node.CreateRoleStmt, run)
  if ('DropRoleStmt' in node) return dropRole(node.DropRoleStmt, run)
  throw new NotSupported(statementName(node))
}

export function statementName(node: Node): string {
  return kindOf(node)
    .replace(/Stmt$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase()
}

/** CREATE TABLE … AS and CREATE MATERIALIZED VIEW. */
function* createTableAs(fields: Fields<'CreateTableAsStmt'>, context: Context, run: Run): Coroutine<string> {
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
    throw new NotSupported(`${tag} with a statement other than SELECT`)
  const { rel, colNames, onCommit, skipData } = fieldsOf('IntoClause', into, [
    'rel',
    'colNames',
    'onCommit',
    'skipData',
  ])
  const free = yield* freeName(rel, if_not_exists === true, context, run)
  if (free === undefined) return tag
  const plan = yield* lockedQuery(query, context, run)
  const names = namesOf(colNames)
  if (names.length > plan.columns.length) throw new SqlError('42601', 'too many column names were specified')
  if (isView && [...plan.tables.keys()].some(isTemporary))
    throw new SqlError('0A000', 'materialized views must not use temporary tables or views')
  if (isView && [...plan.tables.values()].includes('RowExclusiveLock'))
    throw new SqlError('0A000', 'materialized views must not use data-modifying statements in WITH')
  const rows = skipData === true ? [] : yield* plan.rows(run, undefined)
  const table = emptyTable(free.schema, free.name, run)
  table.onCommit = onCommitOf(onCommit, table)
  yield* run.catalogue.create(table, run)
  for (const [at, column] of plan.columns.entries()) newColumn(table, names[at] ?? column.name, column.type, run)
  yield* insertAll(table, rows, context, run)
  if (isView) table.materialized = { query, populated: skipData !== true }
  return skipData === true ? tag : `SELECT ${rows.length}`
}
