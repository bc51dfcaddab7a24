import type { Place } from './action.ts'
import { columnOf, isNamed, type Scope, wordsOf } from './row-scope.ts'
import type { ResultColumns, Rows } from './row-statement.ts'
import { wordSet } from './sql-tokens.ts'
import { type Expression, isLossy, operandOf, uncast } from './sql-tree.ts'

/** Words of subqueries and aggregates. Expressions with these words do not show which values they read. */
const READING = wordSet('select count sum avg min max exists bool_and bool_or array_agg')

export const NO_COLUMNS: ResultColumns = { key: undefined, values: new Map() }

/**
 * Returns the columns of a table that a SELECT or RETURNING shows. Undefined if an expression hides what it reads.
 * `joined`: the table's rows in a join.
 */
export function resultColumnsOf(scope: Scope, items: readonly Expression[], joined?: Rows): ResultColumns | undefined {
  const { table } = scope
  const isJoined = joined !== undefined
  const isHidden = (word: string): boolean => table.values.has(word) || READING.has(word) || isNamed(scope, word)
  let key: Place | undefined
  const values = new Map<string, Place>()
  for (const [place, written] of items.entries()) {
    const item = uncast(written)
    if (item.is !== 'column') {
      if (!isCount(scope, item) && wordsOf(scope.reading, item).some(isHidden)) return undefined
      continue
    }
    // Only the server knows the columns of `*`, and so the positions after it.
    if (isJoined && item.column === '*') return undefined
    const column = columnOf(scope, item)
    if (column === undefined && isJoined) continue
    if (column === undefined) return undefined
    if (column === '*') {
      key ??= table.key
      for (const each of table.values.keys()) if (!values.has(each)) values.set(each, each)
    } else if (column === table.key) key = isLossy(written) ? key : place
    else if (table.values.has(column)) values.set(column, place)
  }
  // In an outer join, a missing row is null. It can be identified only if the WHERE names one key.
  const hasOneKey = joined?.kind === 'keys' && !('array' in joined.keys) && joined.keys.length === 1
  if (isJoined && !hasOneKey && key === undefined && values.size > 0) return undefined
  return { key, values }
}

export function isCount(scope: Scope, expression: Expression): boolean {
  const { is, parts } = expression
  const [counted, another] = parts
  if (is !== 'call' || expression.name !== 'count' || !expression.isPlain || counted === undefined) return false
  const column = columnOf(scope, counted)
  const isAll = column === '*' || column === scope.table.key || operandOf(counted) !== undefined
  return isAll && another === undefined
}
