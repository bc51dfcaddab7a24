import type { Context } from '../execute/context.ts'
import { objectLock, type Run } from '../execute/model.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, namesOf, refuseRest } from '../sql/nodes.ts'
import { undefinedType } from '../sql/undefined.ts'
import { assignXid } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { TypeDefinition } from '../types/registry.ts'
import { enumTypes } from '../types/types.ts'
import { newTypeName } from './names.ts'

/** Adds types and their array types. Waits if an open transaction has created or dropped a type of the same name. */
export function* addTypes(created: readonly TypeDefinition[], run: Run): Coroutine {
  const { catalogue, transaction } = run
  for (const type of created) {
    const key = catalogue.keyOf(type.schema ?? 'pg_catalog', type.name, transaction)
    yield* catalogue.typeRows.insert(key, type.oid, run)
    catalogue.types.add(type)
    transaction.current.undo.push(() => catalogue.types.remove(type.oid))
  }
}

export function* createEnum(fields: Fields<'CreateEnumStmt'>, context: Context, run: Run): Coroutine<string> {
  const { typeName, vals, ...rest } = fields
  refuseRest('CreateEnumStmt', rest)
  const { catalogue } = run
  const named = newTypeName(namesOf(typeName), context)
  const oid = run.store.nextOid()
  const labels = namesOf(vals)
  yield* addTypes(enumTypes(catalogue.types, { oid, arrayOid: run.store.nextOid(), ...named }, labels), run)
  catalogue.enums.set(oid, labels)
  catalogue.changed(run.transaction.current, () => catalogue.enums.delete(oid))
  return 'CREATE TYPE'
}

/**
 * ALTER TYPE … ADD VALUE: replaces the type under the same oid. The new value can be used only after the commit, unless
 * the same transaction created the type.
 */
export function* alterEnum(fields: Fields<'AlterEnumStmt'>, context: Context, run: Run): Coroutine<string> {
  const { typeName, oldVal, newVal = '', newValNeighbor, newValIsAfter, skipIfNewValExists, ...rest } = fields
  refuseRest('AlterEnumStmt', rest)
  if (oldVal !== undefined) throw new NotSupported('ALTER TYPE RENAME VALUE')
  const name = namesOf(typeName).at(-1) ?? ''
  const { catalogue, transaction } = run
  const { enums, newLabels, types } = catalogue
  const type = context.types.named(name)
  if (type === undefined) throw undefinedType([undefined, name])
  yield* run.lockTable(objectLock('type', type.oid), 'ExclusiveLock')
  // As in PostgreSQL, the statement succeeds even if another transaction has dropped the type.
  if (!catalogue.typeRows.has(type.oid, transaction)) return 'ALTER TYPE'
  const labels = enums.get(type.oid)
  if (labels === undefined) throw new SqlError('42809', `${name} is not an enum`)
  if (labels.includes(newVal)) {
    if (skipIfNewValExists !== true) throw new SqlError('42710', `enum label "${newVal}" already exists`)
    run.notice('NOTICE', '42710', `enum label "${newVal}" already exists, skipping`)
    return 'ALTER TYPE'
  }
  if (newValNeighbor !== undefined && !labels.includes(newValNeighbor))
    throw new SqlError('22023', `"${newValNeighbor}" is not an existing enum label`)
  const at =
    newValNeighbor === undefined ? labels.length : labels.indexOf(newValNeighbor) + (newValIsAfter === true ? 1 : 0)
  const { oid, arrayOid, schema = 'pg_catalog' } = type
  assignXid(run)
  catalogue.preserved.entry(enums, oid, transaction)
  enums.set(oid, [...labels.slice(0, at), newVal, ...labels.slice(at)])
  const define = (): void => {
    for (const each of enumTypes(types, { oid, arrayOid, schema, name }, enums.get(oid) ?? [])) types.add(each)
  }
  const before = newLabels.get(oid)
  const isNew = !catalogue.typeRows.has(oid, undefined)
  if (isNew) define()
  else {
    newLabels.set(oid, { by: transaction, labels: [...(before?.labels ?? []), newVal] })
    catalogue.atCommit(transaction.current, () => {
      newLabels.delete(oid)
      define()
    })
  }
  catalogue.changed(transaction.current, () => {
    enums.set(oid, labels)
    if (isNew) define()
    else if (before === undefined) newLabels.delete(oid)
    else newLabels.set(oid, before)
  })
  return 'ALTER TYPE'
}
