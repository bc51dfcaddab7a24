import { type Node, namesOf } from '../sql/nodes.ts'

const NO_NAME = '?column?'

/** Returns the name that PostgreSQL gives a result column without AS (FigureColname). */
export function resultName(node: Node): string {
  return figure(node).name ?? NO_NAME
}

/**
 * The name of a result column. A cast or CASE has a weak name: a strong name of the expression inside takes precedence.
 */
interface Figured {
  readonly name: string | undefined
  readonly weak: boolean
}

const NONE: Figured = { name: undefined, weak: true }

function strong(name: string | undefined): Figured {
  return { name, weak: false }
}

function figure(node: Node): Figured {
  if ('ColumnRef' in node) return strong(lastName(node.ColumnRef.fields))
  if ('A_Indirection' in node) {
    const name = lastName(node.A_Indirection.indirection)
    if (name !== undefined) return strong(name)
    return node.A_Indirection.arg === undefined ? NONE : figure(node.A_Indirection.arg)
  }
  if ('FuncCall' in node) return strong(namesOf(node.FuncCall.funcname).at(-1))
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? strong('nullif') : NONE
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast
    const inner = arg === undefined ? NONE : figure(arg)
    return inner.weak ? { name: namesOf(typeName?.names).at(-1), weak: true } : inner
  }
  if ('CollateClause' in node) return node.CollateClause.arg === undefined ? NONE : figure(node.CollateClause.arg)
  if ('GroupingFunc' in node) return strong('grouping')
  if ('SubLink' in node) return sublink(node.SubLink)
  if ('CaseExpr' in node) {
    const inner = node.CaseExpr.defresult === undefined ? NONE : figure(node.CaseExpr.defresult)
    return inner.weak ? { name: 'case', weak: true } : inner
  }
  if ('A_ArrayExpr' in node) return strong('array')
  if ('RowExpr' in node) return strong('row')
  if ('CoalesceExpr' in node) return strong('coalesce')
  if ('MinMaxExpr' in node) return strong(node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest')
  if ('MergeSupportFunc' in node) return strong('merge_action')
  if ('SQLValueFunction' in node) return strong(valueFunction(node.SQLValueFunction.op))
  return NONE
}

function sublink(fields: Extract<Node, { SubLink: unknown }>['SubLink']): Figured {
  if (fields.subLinkType === 'EXISTS_SUBLINK') return strong('exists')
  if (fields.subLinkType === 'ARRAY_SUBLINK') return strong('array')
  if (fields.subLinkType !== 'EXPR_SUBLINK') return NONE
  const select = fields.subselect
  if (select === undefined || !('SelectStmt' in select)) return NONE
  const target = select.SelectStmt.targetList?.[0]
  if (target === undefined || !('ResTarget' in target)) return NONE
  if (target.ResTarget.name !== undefined) return strong(target.ResTarget.name)
  return target.ResTarget.val === undefined ? NONE : strong(resultName(target.ResTarget.val))
}

/** `SVFOP_CURRENT_TIMESTAMP_N` is `current_timestamp`. */
function valueFunction(op: string | undefined): string {
  return (op ?? '').replace('SVFOP_', '').replace(/_N$/, '').toLowerCase()
}

function lastName(fields: readonly Node[] | undefined): string | undefined {
  const last = fields?.findLast((field) => 'String' in field)
  return last !== undefined && 'String' in last ? last.String.sval : undefined
}
