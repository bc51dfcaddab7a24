import { decideText } from '../expressions/coerce.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { Compiled } from '../expressions/env.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Node, refuseRest } from '../sql/nodes.ts'
import type { SqlType } from '../types/value.ts'
import { valueIn } from './deferred.ts'
import { columnOf } from './grouping-sets.ts'
import type { NamedColumn } from './model.ts'
import { resultName } from './names.ts'
import { type QueryScope, requireAll } from './scope.ts'

export interface Target {
  readonly name: string
  readonly compiled: Compiled
  readonly node: Node | undefined
  readonly column: NamedColumn | undefined
  readonly tableOid: number
  readonly attribute: number
}

export function compileTargets(
  list: readonly Node[],
  scope: QueryScope,
  compile: (node: Node, wanted?: SqlType) => Compiled = (node) => compileExpression(node, scope),
  wanted?: readonly SqlType[],
): readonly Target[] {
  return list.flatMap((node, at) => {
    const { name, val, ...rest } = expectKind(node, 'ResTarget')
    refuseRest('ResTarget', rest)
    if (val === undefined) throw new NotSupported('an empty select list item')
    const all = starOf(val, scope)
    if (all !== undefined) return all.map((column) => columnTarget(column, scope))
    const found = columnOf(val, scope)
    return [
      {
        name: name ?? resultName(val),
        compiled: decideText(compile(val, wanted?.[at]), scope),
        node: val,
        column: found,
        tableOid: found?.tableOid ?? 0,
        attribute: found?.attribute ?? 0,
      },
    ]
  })
}

function columnTarget(column: NamedColumn, scope: QueryScope): Target {
  scope.recorder?.(column.slot)
  return {
    name: column.name,
    compiled: { type: column.type, evaluate: (env) => valueIn(column, env.row) },
    node: undefined,
    column,
    tableOid: column.tableOid,
    attribute: column.attribute,
  }
}

function starOf(node: Node, scope: QueryScope): readonly NamedColumn[] | undefined {
  if (!('ColumnRef' in node)) return undefined
  const fields = node.ColumnRef.fields ?? []
  const last = fields.at(-1)
  if (last === undefined || !('A_Star' in last)) return undefined
  if (fields.length === 1) {
    if (scope.relations.length === 0) throw new SqlError('42601', 'SELECT * with no tables specified is not valid')
    if (scope.context.isDiscarded !== true) scope.relations.forEach(requireAll)
    return scope.columns
  }
  const qualifier = expectKind(fields.at(-2), 'String').sval ?? ''
  const relation = scope.relations.find((each) => each.alias === qualifier)
  if (relation !== undefined) {
    if (scope.context.isDiscarded !== true) requireAll(relation)
    return relation.columns
  }
  if (scope.relation(qualifier) !== undefined) throw new NotSupported(`${qualifier}.* of an outer query`)
  throw new SqlError('42P01', `missing FROM-clause entry for table "${qualifier}"`)
}
