import type { Place } from './action.ts'
import { columnOf, isNamed, type Scope, wordsOf } from './row-scope.ts'
import type { Rows, Shown } from './row-statement.ts'
import { type Expression, operandOf, uncast } from './sql-tree.ts'

/** Words of expressions that read rows without showing them. */
const READING = new Set(['select', 'count', 'sum', 'avg', 'min', 'max', 'exists', 'bool_and', 'bool_or', 'array_agg'])

export const NOTHING_SHOWN: Shown = { key: undefined, values: new Map() }

/**
 * What the list of a SELECT or RETURNING shows of a table. `joined`: the rows of it, if others are read with it. Undefined
 * if an expression hides what it reads.
 */
export function shownOf(scope: Scope, items: readonly Expression[], joined?: Rows): Shown | undefined {
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
    // Which columns it stands for, and so where the next ones are, only the server knows.
    if (isJoined && item.column === '*') return undefined
    const column = columnOf(scope, item)
    if (column === undefined && isJoined) continue
    if (column === undefined) return undefined
    if (column === '*') {
      key ??= table.key
      for (const each of table.values.keys()) if (!values.has(each)) values.set(each, each)
    } else if (column === table.key) key = place
    else if (table.values.has(column)) values.set(column, place)
  }
  // An outer join also returns rows without one of the table, whose values are all null, unless the WHERE names its key.
  const hasOneKey = joined?.kind === 'keys' && !('array' in joined.keys) && joined.keys.length === 1
  if (isJoined && !hasOneKey && key === undefined && values.size > 0) return undefined
  return { key, values }
}

/** A number of rows, which says nothing of their values: `count(*)`, `count(1)`, `count(id)`. */
export function isCount(scope: Scope, expression: Expression): boolean {
  const { is, parts } = expression
  const [counted, another] = parts
  if (is !== 'call' || expression.name !== 'count' || !expression.isPlain || counted === undefined) return false
  const column = columnOf(scope, counted)
  const isAll = column === '*' || column === scope.table.key || operandOf(counted) !== undefined
  return isAll && another === undefined
}
