import { createIndex } from '../catalogue/indexes.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { NotSupported } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import type { Coroutine } from '../storage/wait.ts'
import { addIndex, chosenName, conditionOf, elementNames, indexColumns, requirePartitionKey } from './indexes.ts'
import { isFree, relationOf } from './names.ts'

export function* createIndexStatement(fields: Fields<'IndexStmt'>, context: Context, run: Run): Coroutine<string> {
  const {
    idxname,
    relation,
    accessMethod,
    indexParams,
    indexIncludingParams,
    whereClause: where,
    unique,
    nulls_not_distinct,
    if_not_exists,
    ...rest
  } = fields
  refuseRest('IndexStmt', rest, ['concurrent', 'options'])
  if (unique === true && accessMethod !== 'btree') throw new NotSupported(`a unique index with ${accessMethod}`)
  const table = yield* run.lockNamed(() => relationOf(relation, context), 'ShareLock')
  const columns = indexColumns(indexParams, table, context)
  const parts = elementNames([...(indexParams ?? []), ...(indexIncludingParams ?? [])])
  const name = idxname ?? chosenName(`${table.name}_${parts.join('_')}_idx`, table.schema, context)
  if (!isFree(table.schema, name, if_not_exists === true, context, run)) return 'CREATE INDEX'
  if (unique === true)
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
      unique: unique === true,
      primary: false,
      nullsNotDistinct: nulls_not_distinct === true,
      constraint: false,
      deferrable: false,
      initiallyDeferred: false,
      columns,
      included: indexColumns(indexIncludingParams, table, context),
      method: accessMethod ?? 'btree',
      condition: where === undefined ? undefined : conditionOf(where, table, context),
      excludes: undefined,
    },
    table,
    run.engineFacts,
  )
  yield* addIndex(table, index, run)
  return 'CREATE INDEX'
}
