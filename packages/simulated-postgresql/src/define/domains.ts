import { checkValue, type DomainCheck, type DomainDefinition, fulfils } from '../catalogue/domain.ts'
import { columnsOf, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { QueryScope } from '../execute/scope.ts'
import { requireCollation } from '../expressions/collation.ts'
import { resolveTypeName } from '../expressions/type-name.ts'
import { order } from '../order.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { undefinedType } from '../sql/undefined.ts'
import { assignXid, latestOf } from '../storage/rows.ts'
import { visible } from '../storage/visibility.ts'
import type { Coroutine } from '../storage/wait.ts'
import { domainType } from '../types/types.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import { setDefault } from './create-table.ts'
import { firstFree } from './indexes.ts'
import { newTypeName } from './names.ts'
import { addTypes } from './types.ts'

export function* createDomain(fields: Fields<'CreateDomainStmt'>, context: Context, run: Run): Coroutine<string> {
  const { domainname, typeName, collClause, constraints, ...rest } = fields
  refuseRest('CreateDomainStmt', rest)
  const { types, catalogue } = context
  const { schema, name } = newTypeName(namesOf(domainname), context)
  const of = resolveTypeName(typeName, context)
  requireCollation(collClause, of, types)
  if (types.typeOf(of.oid).kind === 'p')
    throw new SqlError('42804', `"${of.name}" is not a valid base type for a domain`)
  const domain: DomainDefinition = { name, of, default: undefined, isNotNull: false, checks: [] }
  for (const node of constraints ?? []) addProperty(expectKind(node, 'Constraint'), domain, context)
  const oid = run.store.nextOid()
  const { domains } = catalogue
  const created = domainType(
    types,
    { oid, arrayOid: run.store.nextOid(), schema, name },
    {
      of,
      get isNotNull() {
        return domain.isNotNull
      },
      check: (value, session) => checkValue(domains, oid, value, session),
    },
  )
  yield* addTypes(created, run)
  domains.set(oid, domain)
  catalogue.changed(run.transaction.current, () => domains.delete(oid))
  return 'CREATE DOMAIN'
}

function addProperty(fields: Fields<'Constraint'>, domain: DomainDefinition, context: Context): void {
  switch (fields.contype) {
    case 'CONSTR_NULL':
      return
    case 'CONSTR_NOTNULL':
      domain.isNotNull = true
      return
    case 'CONSTR_DEFAULT': {
      const { raw_expr, ...rest } = fields
      refuseRest('Constraint', rest, ['contype'])
      if (domain.default !== undefined) throw new SqlError('42601', 'multiple default expressions')
      changeDefault(domain, raw_expr, context)
      return
    }
    case 'CONSTR_CHECK':
      domain.checks = inOrder([...domain.checks, checkOf(fields, domain, context)])
      return
    default: {
      const impossible = OF_TABLES[fields.contype ?? '']
      if (impossible !== undefined) throw new SqlError('42601', `${impossible} constraints not possible for domains`)
      throw new NotSupported(`a domain constraint of the kind ${fields.contype ?? ''}`)
    }
  }
}

const OF_TABLES: Readonly<Record<string, string>> = {
  CONSTR_PRIMARY: 'primary key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_EXCLUSION: 'exclusion',
  CONSTR_FOREIGN: 'foreign key',
}

function changeDefault(domain: DomainDefinition, node: Node | undefined, context: Context): void {
  setDefault({ name: domain.name, type: domain.of, default: undefined }, node, context)
  domain.default = node
}

const inOrder = (checks: readonly DomainCheck[]): readonly DomainCheck[] =>
  checks.toSorted((a, b) => order(a.name, b.name))

function checkOf(fields: Fields<'Constraint'>, domain: DomainDefinition, context: Context): DomainCheck {
  const { conname, raw_expr, skip_validation, ...rest } = fields
  refuseRest('Constraint', rest, ['contype', 'initially_valid'])
  if (raw_expr === undefined) throw new NotSupported('CHECK without a condition')
  const taken = (name: string): boolean => domain.checks.some((check) => check.name === name)
  if (conname !== undefined && taken(conname))
    throw new SqlError('42710', `constraint "${conname}" for domain "${domain.name}" already exists`)
  const scope = new QueryScope(context, undefined)
  scope.columns = [{ name: 'value', type: domain.of, slot: 0, tableOid: 0, attribute: 0 }]
  scope.width = 1
  return {
    name: conname ?? firstFree(`${domain.name}_check`, taken),
    condition: context.condition(raw_expr, scope, 'CHECK'),
    validated: skip_validation !== true,
  }
}

export function* alterDomain(fields: Fields<'AlterDomainStmt'>, context: Context, run: Run): Coroutine<string> {
  const { subtype, typeName, name = '', def, missing_ok, ...rest } = fields
  refuseRest('AlterDomainStmt', rest, ['behavior'])
  const { oid, domain } = domainNamed(namesOf(typeName), context)
  const { default: before, isNotNull, checks } = domain
  assignXid(run)
  run.catalogue.preserved.objects([domain], run.transaction)
  run.catalogue.changed(run.transaction.current, () => Object.assign(domain, { default: before, isNotNull, checks }))
  switch (subtype) {
    case 'T':
      changeDefault(domain, def, context)
      break
    case 'N':
      domain.isNotNull = false
      break
    case 'O':
      yield* eachValue(oid, context, run, (value, column, table) => {
        if (value === null)
          throw new SqlError('23502', `column "${column}" of table "${table.name}" contains null values`)
      })
      domain.isNotNull = true
      break
    case 'C': {
      const constraint = expectKind(def, 'Constraint')
      if (constraint.contype !== 'CONSTR_CHECK')
        throw new NotSupported('ALTER DOMAIN ADD of a constraint other than CHECK')
      const check = checkOf(constraint, domain, context)
      if (check.validated) yield* validate(check, oid, context, run)
      domain.checks = inOrder([...domain.checks, check])
      break
    }
    case 'V': {
      const check = domain.checks.find((each) => each.name === name)
      if (check === undefined) throw missingConstraint(name, domain)
      yield* validate(check, oid, context, run)
      domain.checks = domain.checks.map((each) => (each === check ? { ...each, validated: true } : each))
      break
    }
    case 'X':
      if (domain.checks.every((each) => each.name !== name)) {
        if (missing_ok !== true) throw missingConstraint(name, domain)
        run.notice('NOTICE', '00000', `${missingConstraint(name, domain).message}, skipping`)
      }
      domain.checks = domain.checks.filter((each) => each.name !== name)
      break
    default:
      throw new NotSupported('an action of this kind in ALTER DOMAIN')
  }
  return 'ALTER DOMAIN'
}

const missingConstraint = (name: string, domain: DomainDefinition): SqlError =>
  new SqlError('42704', `constraint "${name}" of domain "${domain.name}" does not exist`)

function domainNamed(names: readonly string[], { types, catalogue }: Context) {
  const name = names.at(-1) ?? ''
  const type = types.named(name)
  if (type === undefined) throw undefinedType([names.at(-2), name])
  const domain = catalogue.domains.get(type.oid)
  if (domain === undefined) throw new SqlError('42809', `${name} is not a domain`)
  return { oid: type.oid, domain }
}

function validate(check: DomainCheck, oid: number, context: Context, run: Run) {
  return eachValue(oid, context, run, (value, column, table) => {
    if (!fulfils(check, value, run))
      throw new SqlError(
        '23514',
        `column "${column}" of table "${table.name}" contains values that violate the new constraint`,
      )
  })
}

/** Visits the stored values of a domain and of the domains based on it. */
function* eachValue(
  oid: number,
  context: Context,
  run: Run,
  visit: (value: SqlValue, column: string, table: Table) => void,
): Coroutine {
  const latest = latestOf(run)
  for (const table of context.catalogue.visibleTables(context.own)) {
    const columns = columnsOf(table).filter(({ type }) => isBasedOn(type, oid, context))
    if (columns.length === 0 || table.view !== undefined) continue
    yield* run.lockTable(table, 'ShareLock')
    for (const tuple of table.tuples)
      if (visible(tuple, latest, run.transaction))
        for (const { name, attribute } of columns) visit(tuple.values[attribute - 1] ?? null, name, table)
  }
}

function isBasedOn(type: SqlType, oid: number, context: Context): boolean {
  if (type.domain === undefined) return false
  const of = context.catalogue.domains.get(type.domain)?.of
  return type.domain === oid || (of !== undefined && isBasedOn(of, oid, context))
}
