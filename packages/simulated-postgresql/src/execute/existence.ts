import { functionsNamed } from '../functions/catalogue.ts'
import { expectKind, type Fields, type Node, namesOf } from '../sql/nodes.ts'
import { nodesIn } from '../sql/trees.ts'

type Select = Fields<'SelectStmt'>

/** Clauses that may decide whether a query returns a row (subselect.c, simplify_EXISTS_query). */
const DECIDING = ['valuesLists', 'havingClause', 'limitOffset', 'limitCount', 'lockingClause'] as const

/**
 * Returns the query of an EXISTS without the clauses that PostgreSQL's planner drops. Undefined if a clause may decide
 * whether the query returns a row.
 */
export function withoutTargets(node: Node): Node | undefined {
  if (!('SelectStmt' in node)) return undefined
  const select = node.SelectStmt
  if (select.op !== 'SETOP_NONE') return undefined
  const { targetList, groupClause, windowClause, distinctClause, sortClause, ...rest } = select
  if (DECIDING.some((name) => select[name] !== undefined)) return undefined
  if (groupClause?.some((each) => 'GroupingSet' in each) === true) return undefined
  if ([targetList, groupClause, sortClause].some(collects)) return undefined
  return { SelectStmt: withoutUnread(rest) }
}

/** Removes the unread columns of the only FROM item of a query (remove_unused_subquery_outputs). */
function withoutUnread(select: Select): Select {
  const [item, ...others] = select.fromClause ?? []
  if (item === undefined || others.length > 0 || select.whereClause !== undefined) return select
  if ('RangeSubselect' in item) {
    const { subquery, alias, ...rest } = item.RangeSubselect
    const inner = subquery === undefined ? undefined : unread(subquery)
    if (inner === undefined) return select
    const name = alias?.aliasname === undefined ? {} : { alias: { aliasname: alias.aliasname } }
    return { ...select, fromClause: [{ RangeSubselect: { ...rest, ...name, subquery: inner } }] }
  }
  const name = 'RangeVar' in item && item.RangeVar.schemaname === undefined ? item.RangeVar.relname : undefined
  const ctes = select.withClause?.ctes
  return name === undefined || ctes === undefined
    ? select
    : { ...select, withClause: { ...select.withClause, ctes: ctesUnread(ctes, name) } }
}

/** Removes the unread columns of the WITH query `name`, and of its source if that is a WITH query too. */
function ctesUnread(ctes: readonly Node[], name: string): Node[] {
  const at = ctes.findIndex((each) => 'CommonTableExpr' in each && each.CommonTableExpr.ctename === name)
  const { ctequery, ...rest } = at < 0 ? {} : expectKind(ctes[at], 'CommonTableExpr')
  const inner = ctequery === undefined ? undefined : unread(ctequery)
  if (inner === undefined || rest.ctematerialized === 'CTEMaterializeAlways') return [...ctes]
  const before = ctes.slice(0, at)
  const [item, ...others] = inner.SelectStmt.fromClause ?? []
  const next = item !== undefined && 'RangeVar' in item && others.length === 0 ? item.RangeVar.relname : undefined
  const earlier = next === undefined || inner.SelectStmt.whereClause !== undefined ? before : ctesUnread(before, next)
  return [...earlier, { CommonTableExpr: { ...rest, ctequery: inner } }, ...ctes.slice(at + 1)]
}

/** Returns a subquery without its select list. Undefined if the list may decide the number of rows. */
function unread(node: Node): Extract<Node, { SelectStmt: unknown }> | undefined {
  if (!('SelectStmt' in node)) return undefined
  const { targetList, ...rest } = node.SelectStmt
  const { op, valuesLists, groupClause, sortClause, distinctClause, havingClause } = rest
  if (op !== 'SETOP_NONE') return undefined
  if ([valuesLists, groupClause, sortClause, distinctClause, havingClause].some((each) => each !== undefined))
    return undefined
  return collects(targetList) ? undefined : { SelectStmt: withoutUnread(rest) }
}

/** Whether an expression calls an aggregate, a window function or a set-returning function. */
const collects = (node: unknown): boolean =>
  [...nodesIn(node, 'FuncCall', 'SubLink')].some(
    ({ funcname, over }) =>
      over !== undefined ||
      functionsNamed(namesOf(funcname).at(-1) ?? '').some(({ kind, returnsSet }) => kind !== 'f' || returnsSet),
  )
