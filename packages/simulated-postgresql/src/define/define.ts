import { isTemporary } from '../catalogue/catalogue.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type ByKind, callByKind, type Fields, kindOf, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
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

const STATEMENTS: ByKind<[context: Context, run: Run], Coroutine<string> | string> = {
  CreateStmt: createTable,
  CreateTableAsStmt: createTableAs,
  IndexStmt: createIndexStatement,
  AlterTableStmt: alterTable,
  DropStmt: drop,
  TruncateStmt: truncate,
  CreateSeqStmt: createSequence,
  AlterSeqStmt: alterSequence,
  RenameStmt: rename,
  CreateEnumStmt: createEnum,
  CompositeTypeStmt: createComposite,
  CreateDomainStmt: createDomain,
  AlterDomainStmt: alterDomain,
  AlterEnumStmt: alterEnum,
  CreateSchemaStmt: (fields, _, run) => createSchema(fields, run),
  ViewStmt: createView,
  RefreshMatViewStmt: refresh,
  CommentStmt: comment,
  // ALTER … OWNER has no effect here: no query result depends on the owner of an object other than a relation.
  AlterOwnerStmt: () => 'ALTER OWNER',
  CreateFunctionStmt: createFunction,
  CreateTrigStmt: createTrigger,
  CreateExtensionStmt: (fields, _, run) => createExtension(fields, run),
  GrantStmt: grant,
  GrantRoleStmt: (fields, _, run) => grantRole(fields, run),
  AlterDefaultPrivilegesStmt: (fields, _, run) => alterDefaultPrivileges(fields, run),
  CreatePolicyStmt: createPolicy,
  CreateRoleStmt: (fields, _, run) => createRole(fields, run),
  DropRoleStmt: (fields, _, run) => dropRole(fields, run),
}

/** Executes a statement that defines objects. Returns its tag. */
export function* define(node: Node, context: Context, run: Run): Coroutine<string> {
  const tag = callByKind(STATEMENTS, node, context, run)
  if (tag === undefined) throw new NotSupported(statementName(node))
  return typeof tag === 'string' ? tag : yield* tag
}

export function statementName(node: Node): string {
  return kindOf(node)
    .replace(/Stmt$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase()
}

/** CREATE TABLE … AS and CREATE MATERIALIZED VIEW. */
function* createTableAs(fields: Fields<'CreateTableAsStmt'>, context: Context, run: Run): Coroutine<string> {
  const { query, into, objtype, if_not_exists, ...rest } = fields
  refuseRest('CreateTableAsStmt', rest, ['is_select_into'])
  const isView = objtype === 'OBJECT_MATVIEW'
  const tag = isView ? 'CREATE MATERIALIZED VIEW' : 'CREATE TABLE AS'
  if (query === undefined || into === undefined || !('SelectStmt' in query))
    throw new NotSupported(`${tag} with a statement other than SELECT`)
  const { rel, colNames, onCommit, skipData, ...others } = into
  refuseRest('IntoClause', others)
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
