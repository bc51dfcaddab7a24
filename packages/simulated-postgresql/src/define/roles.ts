import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, optionsOf, refuseRest } from '../sql/nodes.ts'
import type { Coroutine } from '../storage/wait.ts'
import { relationOf } from './names.ts'

// In this file, roles have only names: privileges are not simulated.

/** GRANT and REVOKE on objects: checks only that the objects and the roles exist. */
export function* grant(fields: Fields<'GrantStmt'>, context: Context, run: Run): Coroutine<string> {
  const { is_grant, targtype, objtype, objects, grantees, grantor } = fields
  if (grantor !== undefined) throw new NotSupported('GRANTED BY')
  if (targtype === 'ACL_TARGET_OBJECT' && objtype === 'OBJECT_TABLE')
    for (const node of objects ?? []) {
      const relation = expectKind(node, 'RangeVar')
      const { schemaname, relname = '' } = relation
      yield* run.catalogue.touch(context.sequence(schemaname, relname) ?? relationOf(relation, context), run)
    }
  requireRoles(grantees, run)
  return is_grant === true ? 'GRANT' : 'REVOKE'
}

export function alterDefaultPrivileges(fields: Fields<'AlterDefaultPrivilegesStmt'>, run: Run): string {
  const { action, options, ...rest } = fields
  refuseRest('AlterDefaultPrivilegesStmt', rest)
  requireRoles(action?.grantees, run)
  for (const [name, arg] of optionsOf(options)) if (name === 'roles') requireRoles(expectKind(arg, 'List').items, run)
  return 'ALTER DEFAULT PRIVILEGES'
}

export function grantRole(fields: Fields<'GrantRoleStmt'>, run: Run): string {
  const { granted_roles, grantee_roles, is_grant, ...rest } = fields
  refuseRest('GrantRoleStmt', rest, ['opt', 'behavior'])
  for (const node of granted_roles ?? []) {
    const { priv_name = '', cols } = expectKind(node, 'AccessPriv')
    if (cols !== undefined) throw new SqlError('0LP01', 'column names cannot be included in GRANT/REVOKE ROLE')
    requireRole(priv_name, run)
  }
  for (const node of grantee_roles ?? [])
    if (expectKind(node, 'RoleSpec').roletype === 'ROLESPEC_PUBLIC') requireRole('public', run)
  requireRoles(grantee_roles, run)
  return is_grant === true ? 'GRANT ROLE' : 'REVOKE ROLE'
}

export function requireRoles(nodes: readonly Node[] | undefined, run: Run): void {
  for (const node of nodes ?? []) {
    const { roletype, rolename = '' } = expectKind(node, 'RoleSpec')
    if (roletype === 'ROLESPEC_CSTRING') requireRole(rolename, run)
  }
}

function requireRole(name: string, { catalogue, transaction }: Run): void {
  // Predefined roles such as `pg_monitor` are in every database.
  if (!catalogue.roles.has(name, transaction) && !name.startsWith('pg_'))
    throw new SqlError('42704', `role "${name}" does not exist`)
}

/** Role options for privileges and authentication, which are not simulated. */
const RIGHTS: ReadonlySet<string> = new Set([
  ...['canlogin', 'password', 'superuser', 'createdb', 'createrole', 'inherit', 'isreplication', 'bypassrls'],
  ...['connectionlimit', 'validUntil'],
])

export function* createRole(fields: Fields<'CreateRoleStmt'>, run: Run): Coroutine<string> {
  const { role = '', options, ...rest } = fields
  refuseRest('CreateRoleStmt', rest, ['stmt_type'])
  for (const [name] of optionsOf(options)) if (!RIGHTS.has(name)) throw new NotSupported(`${name} of CREATE ROLE`)
  if (role.startsWith('pg_'))
    throw new SqlError('42939', `role name "${role}" is reserved`, {
      detail: 'Role names starting with "pg_" are reserved.',
    })
  const { roles } = run.catalogue
  if (roles.has(role, run.transaction)) throw new SqlError('42710', `role "${role}" already exists`)
  yield* roles.insert(role, role, run)
  return 'CREATE ROLE'
}

export function dropRole(fields: Fields<'DropRoleStmt'>, run: Run): string {
  const { roles, missing_ok, ...rest } = fields
  refuseRest('DropRoleStmt', rest)
  const { catalogue } = run
  for (const node of roles ?? []) {
    const { roletype, rolename = '' } = expectKind(node, 'RoleSpec')
    if (roletype !== 'ROLESPEC_CSTRING') throw new SqlError('22023', 'cannot use special role specifier in DROP ROLE')
    // The dependents of a role are not recorded.
    if (catalogue.roles.has(rolename, run.transaction)) throw new NotSupported('DROP ROLE of an existing role')
    if (missing_ok !== true) throw new SqlError('42704', `role "${rolename}" does not exist`)
    run.notice('NOTICE', '00000', `role "${rolename}" does not exist, skipping`)
  }
  return 'DROP ROLE'
}
