import { createIndex } from '../catalogue/indexes.ts'
import { withoutLocations } from '../execute/conditions.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { rowScope } from '../execute/table-facts.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, fieldsOf } from '../sql/nodes.ts'
import type { Wait } from '../storage/wait.ts'
import { addIndex, freeName, indexColumns, requirePartitionKey } from './indexes.ts'
import type { TableLocker } from './names.ts'
import { relationOf } from './names.ts'

export function* createIndexStatement(
  fields: Fields<'IndexStmt'>,
  context: Context,
  run: Run,
  lock: TableLocker,
): Generator<Wait, void, void> {
  const read = fieldsOf('IndexStmt', fields, [
    'idxname',
    'relation',
    'accessMethod',
    'indexParams',
    'indexIncludingParams',
    'whereClause',
    'unique',
    'nulls_not_distinct',
    'concurrent',
    'if_not_exists',
    'options',
  ])
  const table = relationOf(read.relation, context)
  if (read.unique === true && read.accessMethod !== 'btree')
    throw new NotSupported(`a unique index with ${read.accessMethod}`)
  yield* lock(table, 'ShareLock')
  const columns = indexColumns(read.indexParams, table, context)
  const parts = columns.map((column) => ('place' in column ? table.columns[column.place]?.name : 'expr'))
  const name = read.idxname ?? freeName(`${table.name}_${parts.join('_')}_idx`, table.schema, context)
  if (read.idxname !== undefined && isTaken(name, table.schema, context)) {
    if (read.if_not_exists !== true) throw new SqlError('42P07', `relation "${name}" already exists`)
    run.notice('NOTICE', '42P07', `relation "${name}" already exists, skipping`)
    return
  }
  const where = read.whereClause
  if (read.unique === true)
    requirePartitionKey(
      table,
      columns.map((column) => ('place' in column ? column.place : undefined)),
      'UNIQUE',
    )
  if (table.partitioned !== undefined && table.partitioned.partitions.length > 0)
    throw new NotSupported('an index of a table with partitions')
  run.store.xidOf(run.backend, run.transaction.current)
  const index = createIndex(
    {
      oid: run.store.nextOid(),
      name,
      unique: read.unique === true,
      primary: false,
      nullsNotDistinct: read.nulls_not_distinct === true,
      constraint: false,
      deferrable: false,
      initiallyDeferred: false,
      columns,
      included: indexColumns(read.indexIncludingParams, table, context),
      method: read.accessMethod ?? 'btree',
      condition:
        where === undefined
          ? undefined
          : {
              compiled: context.condition(where, rowScope(table, context), 'WHERE'),
              text: JSON.stringify(withoutLocations(where)),
            },
      excludes: undefined,
    },
    table,
    run.engineFacts,
  )
  addIndex(table, index, run)
}

function isTaken(name: string, schema: string, context: Context): boolean {
  return (
    context.catalogue.relation([schema], name, context.own) !== undefined ||
    context.catalogue.index([schema], name, context.own) !== undefined
  )
}
