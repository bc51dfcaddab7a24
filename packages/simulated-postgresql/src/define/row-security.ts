import type { Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { rowScope } from '../execute/table-facts.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import { assignXid } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import { tableOf } from './names.ts'
import { requireRoles } from './roles.ts'

// Policies are stored only by name and are never applied. `Context.locks` therefore refuses the statements of all roles
// that a policy would restrict.

export function setRowSecurity(table: Table, enabled: boolean, run: Run): void {
  run.catalogue.change(table, { rowSecurity: enabled }, run)
}

/** OWNER TO. */
export function setOwner(table: Table, role: Fields<'RoleSpec'> | undefined, run: Run): void {
  if (role !== undefined) requireRoles([{ RoleSpec: role }], run)
  const owner = role?.roletype === 'ROLESPEC_CSTRING' ? (role.rolename ?? '') : run.user
  run.catalogue.change(table, { owner }, run)
}

export function* createPolicy(fields: Fields<'CreatePolicyStmt'>, context: Context, run: Run): Coroutine<string> {
  const {
    policy_name: name = '',
    table: relation,
    cmd_name: command = 'all',
    roles,
    qual,
    with_check: check,
    ...rest
  } = fields
  refuseRest('CreatePolicyStmt', rest, ['permissive'])
  if (check !== undefined && (command === 'select' || command === 'delete'))
    throw new SqlError('42601', 'WITH CHECK cannot be applied to SELECT or DELETE')
  if (qual !== undefined && command === 'insert')
    throw new SqlError('42601', 'only WITH CHECK expression allowed for INSERT')
  const table = yield* run.lockNamed(() => tableOf(relation, context), 'AccessExclusiveLock')
  requireRoles(roles, run)
  const inner = context.with({})
  for (const condition of [qual, check])
    if (condition !== undefined) inner.check(() => inner.condition(condition, rowScope(table, inner), 'POLICY'))
  if (table.policies.includes(name))
    throw new SqlError('42710', `policy "${name}" for table "${table.name}" already exists`)
  setPolicies(table, [...table.policies, name], run)
  return 'CREATE POLICY'
}

export function* dropPolicy(names: readonly string[], context: Context, run: Run): Coroutine<boolean> {
  const find = (): Table | undefined => context.table(names.at(-3), names.at(-2) ?? '')
  const table = yield* run.lockNamed(find, 'AccessExclusiveLock')
  const name = names.at(-1) ?? ''
  if (table?.policies.includes(name) !== true) return false
  setPolicies(
    table,
    table.policies.filter((each) => each !== name),
    run,
  )
  return true
}

function setPolicies(table: Table, policies: readonly string[], run: Run): void {
  assignXid(run)
  run.catalogue.change(table, { policies }, run)
}

export function requireNoPolicies(table: Table, what: string): void {
  if (table.policies.length > 0) throw new NotSupported(`${what} of a table with policies`)
}
