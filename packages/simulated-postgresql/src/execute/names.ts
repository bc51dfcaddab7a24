import { SqlError } from '../sql/error.ts'
import { type ByKind, callByKind, type Fields, type Node, namesOf } from '../sql/nodes.ts'
import type { RecordColumn } from '../types/value.ts'

const NO_NAME = '?column?'

/** Returns the name that PostgreSQL gives a result column without AS (FigureColname). */
export function resultName(node: Node): string {
  return figure(node).name ?? NO_NAME
}

/**
 * The name of a result column. A name from a cast or from CASE is weak. If the inner expression has a strong name, the
 * column gets that name instead.
 */
interface Figured {
  readonly name: string | undefined
  readonly weak: boolean
}

const NONE: Figured = { name: undefined, weak: true }

function strong(name: string | undefined): Figured {
  return { name, weak: false }
}

const FIGURED: ByKind<[], Figured> = {
  ColumnRef: ({ fields }) => strong(lastName(fields)),
  A_Indirection: ({ arg, indirection }) => {
    const name = lastName(indirection)
    return name === undefined ? figure(arg) : strong(name)
  },
  FuncCall: ({ funcname }) => strong(namesOf(funcname).at(-1)),
  A_Expr: ({ kind }) => (kind === 'AEXPR_NULLIF' ? strong('nullif') : NONE),
  TypeCast: ({ arg, typeName }) => {
    const inner = figure(arg)
    return inner.weak ? { name: namesOf(typeName?.names).at(-1), weak: true } : inner
  },
  CollateClause: ({ arg }) => figure(arg),
  GroupingFunc: () => strong('grouping'),
  SubLink: sublink,
  CaseExpr: ({ defresult }) => {
    const inner = figure(defresult)
    return inner.weak ? { name: 'case', weak: true } : inner
  },
  A_ArrayExpr: () => strong('array'),
  RowExpr: () => strong('row'),
  CoalesceExpr: () => strong('coalesce'),
  MinMaxExpr: ({ op }) => strong(op === 'IS_LEAST' ? 'least' : 'greatest'),
  MergeSupportFunc: () => strong('merge_action'),
  SQLValueFunction: ({ op }) => strong(valueFunction(op)),
}

function figure(node: Node | undefined): Figured {
  return (node && callByKind(FIGURED, node)) ?? NONE
}

function sublink({ subLinkType, subselect }: Fields<'SubLink'>): Figured {
  if (subLinkType === 'EXISTS_SUBLINK') return strong('exists')
  if (subLinkType === 'ARRAY_SUBLINK') return strong('array')
  if (subLinkType !== 'EXPR_SUBLINK' || subselect === undefined || !('SelectStmt' in subselect)) return NONE
  const target = subselect.SelectStmt.targetList?.[0]
  if (target === undefined || !('ResTarget' in target)) return NONE
  const { name, val } = target.ResTarget
  if (name !== undefined) return strong(name)
  return val === undefined ? NONE : strong(resultName(val))
}

/** `SVFOP_CURRENT_TIMESTAMP_N` is `current_timestamp`. */
function valueFunction(op: string | undefined): string {
  return (op ?? '').replace('SVFOP_', '').replace(/_N$/, '').toLowerCase()
}

function lastName(fields: readonly Node[] | undefined): string | undefined {
  const last = fields?.findLast((field) => 'String' in field)
  return last !== undefined && 'String' in last ? last.String.sval : undefined
}

/** Returns columns under other names. Columns without another name keep their own. */
export function renamedColumns(
  columns: readonly RecordColumn[],
  names: readonly string[],
  source: string,
): readonly RecordColumn[] {
  if (names.length > columns.length)
    throw new SqlError(
      '42P10',
      `${source} has ${columns.length} columns available but ${names.length} columns specified`,
    )
  return columns.map((column, at) => ({ name: names[at] ?? column.name, type: column.type }))
}
