import type { Operand } from './action.ts'
import { columnOf, type Scope, wordsOf } from './row-scope.ts'
import type { InsertedRow, NewValue } from './row-statement.ts'
import { type Assignment, type Expression, operandOf } from './sql-tree.ts'

type NewValues = ReadonlyMap<string, NewValue>

/** Returns the recorded values that a SET assigns. Undefined if it assigns the primary key or reads a subquery. */
export function newValues(scope: Scope, sets: readonly Assignment[]): NewValues | undefined {
  const { table } = scope
  const values = new Map<string, NewValue>()
  for (const set of sets) {
    const column = columnOf(scope, set.column)
    const words = wordsOf(scope.reading, set.value)
    if (column === undefined || column === table.key || words.includes('select')) return undefined
    if (!table.values.has(column)) continue
    const of = [...table.values.keys()].filter((each) => words.includes(each))
    const value = values.has(column) ? undefined : newValue(scope, column, set.value)
    values.set(column, value ?? { kind: 'expression', of })
  }
  return values
}

function newValue(scope: Scope, column: string, value: Expression): NewValue | undefined {
  const operand = operandOf(value)
  if (operand !== undefined) return { kind: 'operand', operand }
  if (value.is === 'column') return isExcluded(value, column) ? { kind: 'excluded' } : undefined
  if (value.is !== 'sum') return undefined
  const { sign } = value
  const [left, right] = value.parts
  const [first, second] = [operandOf(left), operandOf(right)]
  if (first !== undefined && second !== undefined) return { kind: 'total', left: first, right: second, sign }
  if (columnOf(scope, left) === column) {
    if (isExcluded(right, column)) return { kind: 'increment', amount: 'excluded', sign }
    return second && { kind: 'sum', amount: second, sign }
  }
  if (sign < 0 || columnOf(scope, right) !== column) return undefined
  return isExcluded(left, column)
    ? { kind: 'increment', amount: 'excluded', sign }
    : first && { kind: 'sum', amount: first, sign }
}

const isExcluded = (expression: Expression | undefined, column: string): boolean =>
  expression?.is === 'column' && expression.table === 'excluded' && expression.column === column

/** A row of the VALUES; undefined if it is invalid or contains a subquery. */
export function insertedRow(
  scope: Scope,
  columns: readonly string[],
  given: readonly Expression[],
): InsertedRow | undefined {
  const { table } = scope
  if (given.length !== columns.length || given.some((each) => wordsOf(scope.reading, each).includes('select')))
    return undefined
  const at = (column: string): Operand | undefined => operandOf(given[columns.indexOf(column)])
  const values = [...table.values.keys()].map((column): [string, NewValue] => {
    const operand = at(column)
    // A column without a value gets its default.
    return [column, operand === undefined ? { kind: 'expression' } : { kind: 'operand', operand }]
  })
  return { key: at(table.key), values: new Map(values) }
}

/** The values of a row that is inserted or, on a conflict, updated. */
export function mergedWith(sets: NewValues, inserted: NewValues): NewValues {
  const merged = new Map<string, NewValue>()
  for (const [column, value] of inserted) {
    const set = sets.get(column)
    if (set === undefined) merged.set(column, { kind: 'conflicting' })
    else if (set.kind === 'excluded' || isSame(set, value)) merged.set(column, value)
    else merged.set(column, incremented(set, value) ?? (set.kind === 'expression' ? set : { kind: 'expression' }))
  }
  return merged
}

/** Returns an increment such as `value + EXCLUDED.value`, which adds to an existing row or creates one. */
function incremented(set: NewValue, value: NewValue): NewValue | undefined {
  if (value.kind !== 'operand' || (set.kind !== 'increment' && set.kind !== 'sum')) return undefined
  const isAmount = set.amount === 'excluded' || isEqual(set.amount, value.operand)
  return isAmount && set.sign === 1 ? { kind: 'increment', amount: value.operand, sign: 1 } : undefined
}

const isSame = (one: NewValue, other: NewValue): boolean =>
  one.kind === 'operand' && other.kind === 'operand' && isEqual(one.operand, other.operand)

const isEqual = (one: Operand, other: Operand): boolean => JSON.stringify(one) === JSON.stringify(other)
