import type { Operand } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import type { Scope } from './row-scope.ts'
import type { Compared, Rows } from './row-statement.ts'
import { type Comparison, conjuncts, type Expression, isAlwaysTrue, operandOf, uncast } from './sql-tree.ts'

type Keyed = Extract<Rows, { readonly kind: 'keys' }>

/** Nothing is known of the rows. */
export const ANY_ROWS: Rows = { kind: 'predicate', expected: new Map() }

/** With the sides exchanged. */
export const REVERSED = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** The rows of a table that a WHERE selects. Undefined if it reads values by a query that is not understood. */
export function rowsOf(scope: Scope, where: Expression | undefined): Rows | undefined {
  if (where === undefined) return ANY_ROWS
  let keys: Keyed['keys'] | undefined
  const expected = new Map<string, Operand>()
  const compared: Compared[] = []
  const hidden: string[] = []
  let conditions = 0
  for (const condition of conjuncts(where)) {
    if (isAlwaysTrue(condition)) continue
    const found = keys === undefined ? keysIn(scope, condition) : undefined
    if (found !== undefined) {
      keys = found
      continue
    }
    conditions++
    const chosen = scope.chosenBy(condition)
    const asked = chosen === undefined ? comparedIn(scope, condition) : undefined
    if (chosen !== undefined) {
      hidden.push('select')
      for (const [column, operand] of chosen) expected.set(column, operand)
    } else if (asked?.comparison === '=' && !expected.has(asked.column)) expected.set(asked.column, asked.operand)
    else if (asked !== undefined && asked.comparison !== '=') compared.push({ ...asked, comparison: asked.comparison })
    else {
      if (!scope.showsNothing(condition)) return undefined
      hidden.push(...scope.wordsOf(condition).filter((word) => scope.table.values.has(word) || word === 'select'))
    }
  }
  return keys === undefined
    ? { kind: 'predicate', expected }
    : {
        kind: 'keys',
        keys,
        expected,
        compared,
        conditions,
        hidden,
        isPartial: false,
        limit: undefined,
        offset: undefined,
      }
}

/** `id = $1`, `$1 = id`, `id IN ($1, $2)` or `id = ANY ($1)`. */
function keysIn(scope: Scope, condition: Expression): Keyed['keys'] | undefined {
  const { is, parts } = condition
  const [left, right] = parts
  const isKey = (part: Expression | undefined): boolean =>
    part !== undefined && scope.columnOf(uncast(part)) === scope.table.key
  if (is === 'in' && isKey(left)) {
    const operands = parts.slice(1).flatMap((part) => operandOf(part) ?? [])
    return operands.length > 0 && operands.length === parts.length - 1 ? operands : undefined
  }
  const [key, given] = isKey(left) ? [left, operandOf(right)] : [right, operandOf(left)]
  if (!isKey(key) || given === undefined) return undefined
  if (is === 'any') return key === left ? { array: given } : undefined
  return is === 'compared' && condition.comparison === '=' ? [given] : undefined
}

/** A recorded column, without a cast, compared with a value. */
function comparedIn(
  scope: Scope,
  condition: Expression,
): { readonly column: string; readonly comparison: Comparison; readonly operand: Operand } | undefined {
  if (condition.is !== 'compared') return undefined
  const [left, right] = condition.parts
  const isLeft = left?.is === 'column'
  const column = scope.columnOf(isLeft ? left : right)
  const operand = operandOf(isLeft ? right : left)
  const { comparison } = condition
  if (column === undefined || operand === undefined || !scope.table.values.has(column)) return undefined
  return { column, comparison: isLeft ? comparison : REVERSED[comparison], operand }
}

/** Whether a condition finds rows of a table by their primary key in another one: `o.id = a.owner`. */
export function isByKey(
  on: Expression | undefined,
  { key }: RecordedTable,
  { own, earlier }: { readonly own: string; readonly earlier: readonly string[] },
): boolean {
  if (on?.is !== 'compared' || on.comparison !== '=') return false
  const [one, other] = on.parts
  if (one?.is !== 'column' || other?.is !== 'column') return false
  const isPair = (mine: typeof one, others: typeof one): boolean =>
    mine.table === own && mine.column === key && earlier.includes(others.table ?? '')
  return isPair(one, other) || isPair(other, one)
}
