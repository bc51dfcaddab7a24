import { createIndex } from '../catalogue/indexes.ts'
import type { Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { QueryScope } from '../execute/scope.ts'
import type { Compiled } from '../expressions/env.ts'
import { valueAt } from '../expressions/fold.ts'
import { binary, operatorName } from '../expressions/operators.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import type { Coroutine } from '../storage/wait.ts'
import { OID } from '../types/oids.ts'
import { subtypeOf } from '../types/range.ts'
import type { SqlType } from '../types/value.ts'
import { addIndex, chosenName, conditionOf, elementNames, indexColumns } from './indexes.ts'

/** Adds `EXCLUDE USING gist (room WITH =, during WITH &&)`. */
export function* addExclusion(fields: Fields<'Constraint'>, table: Table, context: Context, run: Run): Coroutine {
  const { conname, exclusions, access_method, where_clause, deferrable, initdeferred, ...rest } = fields
  refuseRest('Constraint', rest, ['contype'])
  const parts = (exclusions ?? []).map((node) => partOf(node))
  const elements = parts.map(({ element }) => element)
  const columns = indexColumns(elements, table, context)
  const operators = columns.map((column, at) => {
    const type = 'place' in column ? table.columns[column.place]?.type : column.compiled.type
    if (type === undefined) throw new NotSupported('this element of EXCLUDE')
    return exclusive(parts[at]?.operator ?? '', type, access_method ?? 'btree', context)
  })
  const index = createIndex(
    {
      oid: run.store.nextOid(),
      name: conname ?? chosenName(`${table.name}_${elementNames(elements).join('_')}_excl`, table.schema, context),
      unique: false,
      primary: false,
      nullsNotDistinct: false,
      constraint: true,
      deferrable: deferrable === true,
      initiallyDeferred: initdeferred === true,
      columns,
      method: access_method ?? 'btree',
      condition: where_clause === undefined ? undefined : conditionOf(where_clause, table, context),
      excludes: (a, b) =>
        operators.every(
          (each, at) =>
            each.evaluate({ row: [a[at] ?? null, b[at] ?? null], parameters: [], session: run.engineFacts }) === true,
        ),
    },
    table,
    run.engineFacts,
  )
  yield* addIndex(table, index, run)
}

function partOf(node: Node): { readonly element: Node; readonly operator: string } {
  const [element, operator] = expectKind(node, 'List').items ?? []
  if (element === undefined || expectKind(element, 'IndexElem').opclass !== undefined)
    throw new NotSupported('an operator class in EXCLUDE')
  return { element, operator: operatorName(expectKind(operator, 'List').items) }
}

/** Compiles an operator that compares the rows at index 0 and 1. */
function exclusive(operator: string, type: SqlType, method: string, context: Context): Compiled {
  const compiled = binary(new QueryScope(context, undefined), operator, valueAt(type, 0), valueAt(type, 1))
  const allowed = operatorsOf(type, method, context)
  const signature = `${operator}(${context.format(type)},${context.format(type)})`
  if (!COMMUTATIVE.has(operator))
    throw new SqlError('42809', `operator ${signature} is not commutative`, {
      detail: 'Only commutative operators can be used in exclusion constraints.',
    })
  if (!allowed.includes(operator))
    throw new SqlError('42809', `operator ${signature} is not a member of an operator family of the index`, {
      detail: 'The exclusion operator must be related to the index operator class for the constraint.',
    })
  return compiled
}

const COMMUTATIVE: ReadonlySet<string> = new Set(['=', '<>', '&&', '-|-'])

/** Returns the commutative operators of the default operator class. */
function operatorsOf(type: SqlType, method: string, context: Context): readonly string[] {
  if (method === 'btree' || method === 'hash') return ['=']
  if (method !== 'gist') throw new NotSupported(`EXCLUDE USING ${method}`)
  if (subtypeOf(type.oid) !== undefined) return ['=', '&&', '-|-']
  const isScalar = BTREE_GIST.has(type.oid) || context.types.typeOf(type.oid).kind === 'e'
  if (isScalar && context.hasExtension('btree_gist')) return ['=', '<>']
  throw new SqlError(
    '42704',
    `data type ${context.format(type)} has no default operator class for access method "gist"`,
    { hint: 'You must specify an operator class for the index or define a default operator class for the data type.' },
  )
}

/** The types that the extension btree_gist has operator classes for. */
const BTREE_GIST: ReadonlySet<number> = new Set<number>([
  OID.int2,
  OID.int4,
  OID.int8,
  OID.float4,
  OID.float8,
  OID.numeric,
  OID.oid,
  OID.text,
  OID.varchar,
  OID.bpchar,
  OID.bytea,
  OID.bool,
  OID.uuid,
  OID.date,
  OID.time,
  OID.timestamp,
  OID.timestamptz,
  OID.interval,
])
