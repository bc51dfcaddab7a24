import { NotSupported } from '../sql/error.ts'
import { type Fields, kindOf, type Node, refuseRest } from '../sql/nodes.ts'
import type { SqlType } from '../types/value.ts'
import type { Context } from './context.ts'
import { compileLimit, limited } from './limit.ts'
import type { QueryPlan } from './model.ts'
import { QueryScope } from './scope.ts'
import { compileSelect } from './select.ts'
import { compileSetOperation } from './set-operation.ts'
import { compileValues } from './values.ts'
import { compileWith } from './with.ts'

/**
 * Compiles SELECT, VALUES or a set operation. `names` is the scope for names of WITH. `wanted` are the types of
 * literals and parameters in the select list.
 */
export function compileQuery(
  node: Node,
  context: Context,
  parent: QueryScope | undefined,
  names: QueryScope | undefined = parent,
  wanted?: readonly SqlType[],
): QueryPlan {
  if (!('SelectStmt' in node)) throw new NotSupported(kindOf(node))
  const fields = node.SelectStmt
  if (fields.intoClause !== undefined) throw new NotSupported('SELECT INTO')
  const scope = new QueryScope(context, parent, names)
  const prepare = fields.withClause === undefined ? undefined : compileWith(fields.withClause, scope, fields)
  const plan = compileBody(fields, scope, wanted)
  if (prepare === undefined) return plan
  return {
    columns: plan.columns,
    *rows(run, outer) {
      yield* prepare(run, outer)
      return yield* plan.rows(run, outer)
    },
  }
}

function compileBody(
  fields: Fields<'SelectStmt'>,
  scope: QueryScope,
  wanted: readonly SqlType[] | undefined,
): QueryPlan {
  if (fields.op !== 'SETOP_NONE') return compileSetOperation(fields, scope)
  if (fields.valuesLists === undefined) return compileSelect(fields, scope, wanted)
  const { valuesLists, sortClause, ...rest } = fields
  refuseRest('SelectStmt', rest, ['limitOffset', 'limitCount', 'limitOption', 'withClause'])
  if (sortClause !== undefined) throw new NotSupported('ORDER BY of VALUES')
  const plan = compileValues(valuesLists, scope)
  const limit = compileLimit(fields, scope)
  return {
    columns: plan.columns,
    *rows(run, outer) {
      return limited(yield* plan.rows(run, outer), limit, run, outer)
    },
  }
}
