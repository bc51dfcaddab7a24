import { functionsNamed } from '../functions/catalogue.ts'
import { type Node, namesOf } from '../sql/nodes.ts'

/** Clauses that decide whether there is a row (subselect.c, simplify_EXISTS_query). */
const DECIDING = ['valuesLists', 'havingClause', 'limitOffset', 'limitCount', 'lockingClause', 'withClause'] as const

/**
 * The query of an EXISTS without what PostgreSQL drops when it plans: the select list, and what orders and groups its rows.
 * Undefined where these decide whether there is a row.
 */
export function withoutTargets(node: Node): Node | undefined {
  if (!('SelectStmt' in node)) return undefined
  const select = node.SelectStmt
  if (select.op !== undefined && select.op !== 'SETOP_NONE') return undefined
  const { targetList, groupClause, windowClause, distinctClause, sortClause, ...rest } = select
  if (DECIDING.some((name) => select[name] !== undefined)) return undefined
  if (groupClause?.some((each) => 'GroupingSet' in each) === true) return undefined
  if ([targetList, groupClause, sortClause].some(collects)) return undefined
  return { SelectStmt: rest }
}

/** Whether a call of an aggregate, a window function or a function that returns a set is in an expression. */
function collects(node: unknown): boolean {
  if (typeof node !== 'object' || node === null || 'SubLink' in node) return false
  if ('FuncCall' in node) {
    const { funcname, over } = (node as Extract<Node, { FuncCall: unknown }>).FuncCall
    const signatures = functionsNamed(namesOf(funcname).at(-1) ?? '')
    if (over !== undefined || signatures.some(({ kind, returnsSet }) => kind !== 'f' || returnsSet)) return true
  }
  return Object.values(node).some(collects)
}
