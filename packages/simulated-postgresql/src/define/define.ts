import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported } from '../sql/error.ts'
import { kindOf, type Node } from '../sql/nodes.ts'
import type { Wait } from '../storage/wait.ts'
import { alterTable } from './alter-table.ts'
import { createIndexStatement } from './create-index.ts'
import { createTable } from './create-table.ts'
import { createTableAs } from './create-table-as.ts'
import { alterDomain, createDomain } from './domains.ts'
import { drop } from './drop.ts'
import { refresh } from './materialized-views.ts'
import type { TableLocker } from './names.ts'
import { alterEnum, createEnum, createExtension, createSchema, createView, rename } from './other.ts'
import { alterDefaultPrivileges, createRole, dropRole, grant, grantRole } from './roles.ts'
import { createFunction, createTrigger } from './routines.ts'
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
  if ('CreateDomainStmt' in node) return createDomain(node.CreateDomainStmt, context, run)
  if ('AlterDomainStmt' in node) return yield* alterDomain(node.AlterDomainStmt, context, run, lock)
  if ('AlterEnumStmt' in node) return alterEnum(node.AlterEnumStmt, context, run)
  if ('CreateSchemaStmt' in node) return createSchema(node.CreateSchemaStmt, run)
  if ('ViewStmt' in node) return yield* createView(node.ViewStmt, context, run)
  if ('RefreshMatViewStmt' in node) return yield* refresh(node.RefreshMatViewStmt, context, run, lock)
  // What they say changes no result.
  if ('CommentStmt' in node) return 'COMMENT'
  if ('AlterOwnerStmt' in node) return 'ALTER OWNER'
  if ('CreateFunctionStmt' in node) return createFunction(node.CreateFunctionStmt, context, run)
  if ('CreateTrigStmt' in node) return yield* createTrigger(node.CreateTrigStmt, context, run, lock)
  if ('CreateExtensionStmt' in node) return createExtension(node.CreateExtensionStmt, run)
  if ('GrantStmt' in node) return grant(node.GrantStmt, context, run)
  if ('GrantRoleStmt' in node) return grantRole(node.GrantRoleStmt, run)
  if ('AlterDefaultPrivilegesStmt' in node) return alterDefaultPrivileges(node.AlterDefaultPrivilegesStmt, run)
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
