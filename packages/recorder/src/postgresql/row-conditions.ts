import type { RecordedTable } from './recorded-table.ts'
import { chosenBy, columnCondition, type Scope, showsNothing, wordsOf } from './row-scope.ts'
import type { Compared, Rows } from './row-statement.ts'
import { conjuncts, type Expression, isAlwaysTrue, operandOf } from './sql-tree.ts'

type Keyed = Extract<Rows, { readonly kind: 'keys' }>

/** A selection of rows about which nothing is known. */
export const ANY_ROWS: Rows = { kind: 'predicate', compared: [] }

export function rowsOf(scope: Scope, where: Expression | undefined): Rows | undefined {
  const { table } = scope
  let keys: Keyed['keys'] | undefined
  const compared: Compared[] = []
  const hidden: string[] = []
  let conditions = 0
  for (const condition of where === undefined ? [] : conjuncts(where)) {
    if (isAlwaysTrue(condition)) continue
    const columnTest = columnCondition(scope, condition)
    const operands = columnTest?.given.flatMap((each) => operandOf(each) ?? []) ?? []
    const [operand, another] = operands
    const isValue = columnTest !== undefined && operand !== undefined && operands.length === columnTest.given.length
    if (isValue && keys === undefined && columnTest.column === table.key && columnTest.comparison === '=') {
      keys = columnTest.isArray ? { array: operand } : operands
      continue
    }
    conditions++
    const chosen = chosenBy(scope, condition)
    const isOne =
      isValue &&
      another === undefined &&
      !columnTest.isArray &&
      !columnTest.isCast &&
      table.values.has(columnTest.column)
    if (chosen !== undefined) {
      hidden.push('select')
      compared.push(...chosen)
    } else if (isOne) compared.push({ column: columnTest.column, comparison: columnTest.comparison, operand })
    else {
      if (!showsNothing(scope.reading, condition)) return undefined
      hidden.push(...wordsOf(scope.reading, condition).filter((word) => table.values.has(word) || word === 'select'))
    }
  }
  return keys === undefined
    ? { kind: 'predicate', compared }
    : { kind: 'keys', keys, compared, conditions, hidden, isPartial: false, limit: undefined, offset: undefined }
}

/** Whether a join finds the rows by primary key: `o.id = a.owner`. */
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
