import type { Catalogue, Schema } from '../catalogue/catalogue.ts'
import { columnsOf, kindOfRelation, type Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import { objectLock, type Run } from '../execute/model.ts'
import { undefinedFunction } from '../functions/catalogue.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, plainType, refuseRest } from '../sql/nodes.ts'
import { undefinedRelation, undefinedType } from '../sql/undefined.ts'
import type { Subtransaction } from '../storage/model.ts'
import { assignXid } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'
import type { TypeDefinition } from '../types/registry.ts'
import type { SqlType } from '../types/value.ts'
import { dropColumn } from './alter-table.ts'
import { dropIndexes } from './indexes.ts'
import { hasDependents, viewsOn } from './names.ts'
import { callSignature, dropFunction, dropTrigger } from './routines.ts'
import { dropPolicy } from './row-security.ts'

type Undefined = (names: readonly [schema: string | undefined, name: string]) => Error

/**
 * By kind of object: its name in messages, the SQLSTATE if the object is missing, and the error for an undefined name.
 */
const KINDS: Readonly<Record<string, readonly [kind: string, missing: string, unknown?: Undefined]>> = {
  OBJECT_TABLE: ['table', '42P01', undefinedRelation],
  OBJECT_VIEW: ['view', '42P01', undefinedRelation],
  OBJECT_MATVIEW: ['materialized view', '42P01'],
  OBJECT_INDEX: ['index', '42704', undefinedRelation],
  OBJECT_SEQUENCE: ['sequence', '42P01'],
  OBJECT_SCHEMA: ['schema', '3F000'],
  OBJECT_TYPE: ['type', '42704', undefinedType],
  OBJECT_DOMAIN: ['domain', '42704', undefinedType],
  OBJECT_EXTENSION: ['extension', '42704'],
  OBJECT_TRIGGER: ['trigger', '42704'],
  OBJECT_FUNCTION: ['function', '42883', ([, name]) => undefinedFunction([name])],
  OBJECT_POLICY: ['policy', '42704'],
}

export function* drop(fields: Fields<'DropStmt'>, context: Context, run: Run): Coroutine<string> {
  const { objects, removeType, behavior, missing_ok, ...rest } = fields
  refuseRest('DropStmt', rest, ['concurrent'])
  const [kind, missing, unknown] = KINDS[removeType ?? ''] ?? []
  if (kind === undefined || missing === undefined)
    throw new NotSupported(`DROP ${(removeType ?? '').replace('OBJECT_', '')}`)
  assignXid(run)
  const cascade = behavior === 'DROP_CASCADE'
  const dropped = new Set<Table>()
  const tables: Table[] = []
  for (const node of objects ?? []) {
    const names = objectNames(node)
    const found =
      'ObjectWithArgs' in node
        ? yield* dropFunction(node.ObjectWithArgs, cascade, context, run)
        : yield* dropOne(kind, names, cascade, context, run, tables)
    if (found) continue
    const description =
      'ObjectWithArgs' in node
        ? `function ${callSignature(node.ObjectWithArgs, context)}`
        : describe(kind, names, missing_ok === true)
    if (unknown?.([names.at(-2), names.at(-1) ?? '']) instanceof NotSupported)
      throw new NotSupported(`DROP of ${description}`)
    if (missing_ok !== true) throw new SqlError(missing, `${description} does not exist`)
    run.notice('NOTICE', '00000', `${description} does not exist, skipping`)
  }
  for (const table of tables) dropped.add(table)
  for (const table of tables)
    if (run.catalogue.relations.has(table, context.own)) yield* dropTable(table, dropped, cascade, context, run)
  return `DROP ${kind.toUpperCase()}`
}

function describe(kind: string, names: readonly string[], skipping: boolean): string {
  const isOfTable = kind === 'trigger' || kind === 'policy'
  const of = isOfTable ? ` for ${skipping ? 'relation' : 'table'} "${names.at(-2)}"` : ''
  return `${kind} "${names.at(-1)}"${of}`
}

function objectNames(node: Node): readonly string[] {
  if ('List' in node) return namesOf(node.List.items)
  if ('ObjectWithArgs' in node) return namesOf(node.ObjectWithArgs.objname)
  if ('TypeName' in node) return plainType(node.TypeName)
  return [expectKind(node, 'String').sval ?? '']
}

function* dropOne(
  kind: string,
  names: readonly string[],
  cascade: boolean,
  context: Context,
  run: Run,
  tables: Table[],
): Coroutine<boolean> {
  const name = names.at(-1) ?? ''
  const path = context.pathOf(names.at(-2))
  const { catalogue } = run
  const by = run.transaction.current
  switch (kind) {
    case 'table':
    case 'view':
    case 'materialized view': {
      const table = yield* run.lockNamed(() => {
        const found = catalogue.table(path, name, context.own)
        if (found === undefined || kindOfRelation(found) === kind) return found
        throw new SqlError('42809', `"${name}" is not a ${kind}`)
      }, 'AccessExclusiveLock')
      if (table === undefined) return false
      if (table.partitionOf !== undefined) throw new NotSupported(`DROP TABLE of the partition ${name}`)
      tables.push(table)
      return true
    }
    case 'sequence': {
      const sequence = yield* run.lockNamed(() => catalogue.sequence(path, name, context.own), 'AccessExclusiveLock')
      if (sequence === undefined) return false
      if (sequence.owner !== undefined && !cascade) throw hasDependents(`sequence ${name}`)
      catalogue.drop(sequence, by)
      return true
    }
    case 'index': {
      yield* run.lockNamed(() => catalogue.index(path, name, context.own)?.table, 'AccessExclusiveLock')
      yield* run.lockNamed(() => catalogue.index(path, name, context.own)?.index, 'AccessExclusiveLock')
      const found = catalogue.index(path, name, context.own)
      if (found === undefined) return false
      if (found.table.partitionOf !== undefined || found.table.partitioned !== undefined)
        throw new NotSupported('DROP INDEX of an index of a partitioned table')
      if (found.index.constraint)
        throw new SqlError(
          '2BP01',
          `cannot drop index ${name} because constraint ${name} on table ${found.table.name} requires it`,
          {
            hint: `You can drop constraint ${name} on table ${found.table.name} instead.`,
          },
        )
      dropIndexes(found.table, [found.index], run)
      return true
    }
    case 'schema':
      return yield* dropSchema(name, cascade, context, run)
    case 'type':
    case 'domain':
      return yield* dropType(kind, names, cascade, context, run)
    case 'policy':
      return yield* dropPolicy(names, context, run)
    case 'trigger':
      return yield* dropTrigger(names, context, run)
    case 'extension': {
      const { extensions } = catalogue
      if (!extensions.has(name, context.own)) return false
      if (name === 'citext') throw new NotSupported('DROP EXTENSION citext')
      yield* extensions.delete(name, run)
      return true
    }
    default:
      throw new NotSupported(`DROP ${kind}`)
  }
}

function* dropType(
  kind: 'type' | 'domain',
  names: readonly string[],
  cascade: boolean,
  context: Context,
  run: Run,
  besides: readonly Table[] = [],
): Coroutine<boolean> {
  const { catalogue } = run
  const name = names.at(-1) ?? ''
  const path = names.length > 1 ? names.slice(-2, -1) : context.searchPath
  const find = (): TypeDefinition | undefined => {
    const found = context.types.named(name)
    return found !== undefined && path.includes(found.schema ?? 'pg_catalog') ? found : undefined
  }
  const type = yield* run.lockNamed(find, 'AccessExclusiveLock', 'type')
  if (type === undefined) return false
  if (kind === 'domain' && type.domain === undefined) throw new SqlError('42809', `"${name}" is not a domain`)
  dropDependents(type, cascade, context, run, besides)
  for (const oid of [type.oid, type.arrayOid]) catalogue.typeRows.remove(oid, run.transaction.current)
  return true
}

/** With `cascade`, drops the columns of a type; refuses any other dependents. */
function dropDependents(
  { oid, arrayOid, name }: TypeDefinition,
  cascade: boolean,
  context: Context,
  run: Run,
  besides: readonly Table[],
): void {
  const { domains, routines, typeRows } = run.catalogue
  const isOf = (type: SqlType): boolean => [oid, arrayOid].includes(type.domain ?? type.oid)
  const refuse = (detail: string): never => {
    throw hasDependents(`type ${name}`, `${detail} depends on type ${name}`)
  }
  const others = [
    ...[...domains]
      .filter(([number, domain]) => isOf(domain.of) && typeRows.has(number, context.own))
      .map(([, domain]) => `type ${domain.name}`),
    ...[...context.types.all()]
      .filter(({ columns = [] }) => columns.some((column) => isOf(column.type)))
      .map((each) => `type ${each.name}`),
    ...routines
      .all(context.own)
      .filter((each) => each.arguments.some(({ type }) => isOf(type)))
      .map((each) => `function ${each.name}`),
  ]
  for (const other of others) {
    if (!cascade) refuse(other)
    throw new NotSupported(`DROP TYPE … CASCADE of ${other}`)
  }
  for (const table of run.catalogue.visibleTables(context.own))
    for (const column of columnsOf(table)) {
      if (!isOf(column.type) || besides.includes(table)) continue
      if (!cascade) refuse(`column ${column.name} of table ${table.name}`)
      if (table.view !== undefined) throw new NotSupported(`DROP TYPE … CASCADE of view ${table.name}`)
      dropColumn(table, column.name, true, false, run, context)
    }
}

function* dropSchema(name: string, cascade: boolean, context: Context, run: Run): Coroutine<boolean> {
  const { catalogue } = run
  const find = (): Schema | undefined => catalogue.schemas.find(name, context.own)
  const schema = yield* run.lockNamed(find, 'AccessExclusiveLock', 'schema')
  if (schema === undefined) return false
  const inside = catalogue.visibleTables(context.own).filter((table) => table.schema === name)
  const types = [...context.types.all()].filter((type) => type.schema === name && type.elementOid === 0)
  const routines = catalogue.routines.all(context.own).filter((routine) => routine.schema === name)
  const sequences = catalogue
    .visibleSequences(context.own)
    .filter((sequence) => sequence.schema === name && sequence.owner === undefined)
  if (!cascade && [inside, types, routines, sequences].some((each) => each.length > 0))
    throw hasDependents(
      `schema ${name}`,
      [
        ...inside.map((each) => `${kindOfRelation(each)} ${name}.${each.name}`),
        ...sequences.map((each) => `sequence ${name}.${each.name}`),
      ]
        .map((each) => `${each} depends on schema ${name}`)
        .join('\n'),
    )
  for (const table of inside) yield* run.lockTable(table, 'AccessExclusiveLock')
  for (const sequence of sequences) catalogue.drop(sequence, run.transaction.current)
  const triggers = catalogue
    .visibleTables(context.own)
    .flatMap((table) => (inside.includes(table) ? [] : table.triggers))
  if (triggers.some(({ routine }) => routines.includes(routine)))
    throw new NotSupported('DROP SCHEMA … CASCADE of a function that a trigger calls')
  for (const routine of routines) {
    yield* run.lockTable(objectLock('routine', routine.oid), 'AccessExclusiveLock')
    yield* catalogue.routines.delete(routine, run)
  }
  for (const type of types) yield* dropType('type', [name, type.name], true, context, run, inside)
  for (const table of inside)
    if (catalogue.relations.has(table, context.own)) yield* dropTable(table, new Set(inside), cascade, context, run)
  yield* catalogue.schemas.delete(schema, run)
  return true
}

function* dropTable(
  table: Table,
  together: ReadonlySet<Table>,
  cascade: boolean,
  context: Context,
  run: Run,
): Coroutine {
  const { catalogue } = run
  const by = run.transaction.current
  for (const index of table.indexes) yield* run.lockTable(index, 'AccessExclusiveLock')
  // Dropping a table also removes the triggers of its foreign keys from the referenced tables. Those tables are
  // therefore locked, too.
  for (const { referenced } of table.foreignKeys) yield* run.lockTable(referenced, 'AccessExclusiveLock')
  for (const key of catalogue.referencing(table, context.own)) {
    if (together.has(key.table)) continue
    if (!cascade)
      throw hasDependents(
        `table ${table.name}`,
        `constraint ${key.name} on table ${key.table.name} depends on table ${table.name}`,
      )
    yield* run.lockTable(key.table, 'AccessExclusiveLock')
    catalogue.change(key.table, { foreignKeys: key.table.foreignKeys.filter((each) => each !== key) }, run)
  }
  for (const view of viewsOn(table, context)) {
    if (!catalogue.relations.has(view, context.own)) continue
    const dropped = `${kindOfRelation(table)} ${table.name}`
    if (!cascade && !together.has(view))
      throw hasDependents(dropped, `${kindOfRelation(view)} ${view.name} depends on ${dropped}`)
    yield* run.lockTable(view, 'AccessExclusiveLock')
    yield* dropTable(view, together, cascade, context, run)
  }
  yield* catalogue.relations.settle(table, run)
  dropTogether([table, ...(table.partitioned?.partitions.map((each) => each.table) ?? [])], by, catalogue)
}

export function dropTogether(tables: readonly Table[], by: Subtransaction, catalogue: Catalogue): void {
  for (const table of tables) {
    for (const sequence of catalogue.visibleSequences(by.transaction))
      if (sequence.owner?.table === table) catalogue.drop(sequence, by)
    catalogue.drop(table, by)
  }
}
