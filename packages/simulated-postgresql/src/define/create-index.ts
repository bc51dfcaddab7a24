import { createIndex } from '../catalogue/indexes.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported } from '../sql/error.ts'
import { type Fields, fieldsOf } from '../sql/nodes.ts'
import type { Coroutine } from '../storage/wait.ts'
import { addIndex, chosenName, conditionOf, elementNames, indexColumns, requirePartitionKey } from './indexes.ts'
import { isFree, relationOf } from './names.ts'

export function* createIndexStatement(fields: Fields<'IndexStmt'>, context: Context, run: Run): Coroutine<string> {
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
  if (read.unique === true && read.accessMethod !== 'btree')
    throw new NotSupported(`a unique index with ${read.accessMethod}`)
  const table = yield* run.lockNamed(() => relationOf(read.relation, context), 'ShareLock')
  const columns = indexColumns(read.indexParams, table, context)
  const parts = elementNames([...(read.indexParams ?? []), ...(read.indexIncludingParams ?? [])])
  const name = read.idxname ?? chosenName(`${table.name}_${parts.join('_')}_idx`, table.schema, context)
  if (!isFree(table.schema, name, read.if_not_exists === true, context, run)) return 'CREATE INDEX'
  const where = read.whereClause
  if (read.unique === true)
    requirePartitionKey(
      table,
      columns.map((column) => ('place' in column ? column.place : undefined)),
      'UNIQUE',
    )
  if (table.partitioned !== undefined && table.partitioned.partitions.length > 0)
    throw new NotSupported('an index of a table with partitions')
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
      condition: where === undefined ? undefined : conditionOf(where, table, context),
      excludes: undefined,
    },
    table,
    run.engineFacts,
  )
  yield* addIndex(table, index, run)
  return 'CREATE INDEX'
}
