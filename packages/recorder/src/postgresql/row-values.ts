import type { Operand } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import { isSelect, MOST_NESTED, type RowReader } from './row-reader.ts'
import type { InsertedRow, NewValue } from './row-statement.ts'

type NewValues = ReadonlyMap<string, NewValue>

/** Reads a SET, up to one of these words. Undefined if it sets the primary key, or reads another query. */
export function takeSets(reader: RowReader, table: RecordedTable, ends: readonly string[]): NewValues | undefined {
  const sets = new Map<string, NewValue>()
  do {
    const column = reader.column()
    if (column === undefined || !reader.takeSymbol('=') || column === table.key) return undefined
    const start = reader.at
    const value = takeNewValue(reader, column)
    const isWhole = value !== undefined && (reader.isSymbol(',') || reader.isAtEnd || reader.isWordOf(ends))
    if (!isWhole) {
      reader.at = start
      reader.skipTo(ends, ',')
    }
    const words = reader.wordsFrom(start)
    if (words.includes('select')) return undefined
    const of = [...table.values.keys()].filter((each) => words.includes(each))
    if (table.values.has(column)) sets.set(column, isWhole && !sets.has(column) ? value : { kind: 'expression', of })
  } while (reader.takeSymbol(','))
  return sets
}

function takeNewValue(reader: RowReader, column: string, depth = 0): NewValue | undefined {
  // As Prisma writes it.
  if (depth < MOST_NESTED && reader.takeSymbol('(')) {
    const value = takeNewValue(reader, column, depth + 1)
    return reader.takeSymbol(')') ? value : undefined
  }
  const operand = reader.operand()
  if (operand !== undefined) {
    const sign = takeSign(reader)
    if (sign === undefined) return { kind: 'operand', operand }
    const right = reader.operand()
    if (right !== undefined) return { kind: 'total', left: operand, right, sign }
    return sign === 1 && reader.column() === column ? { kind: 'sum', amount: operand, sign } : undefined
  }
  if (reader.takeWord('excluded'))
    return reader.takeSymbol('.') && reader.name() === column ? { kind: 'excluded' } : undefined
  if (reader.column() !== column) return undefined
  const sign = takeSign(reader)
  const amount = sign === undefined ? undefined : reader.operand()
  return sign === undefined || amount === undefined ? undefined : { kind: 'sum', amount, sign }
}

const takeSign = (reader: RowReader): 1 | -1 | undefined =>
  reader.takeSymbol('+') ? 1 : reader.takeSymbol('-') ? -1 : undefined

/** Reads one row of an INSERT's VALUES. Undefined if it has more or fewer values than columns, or reads a query. */
export function takeInsertedRow(
  reader: RowReader,
  table: RecordedTable,
  columns: readonly string[],
): InsertedRow | undefined {
  const given = reader.listOf(() => takeWholeOperand(reader) ?? takePlainExpression(reader))
  if (given === undefined || given.length !== columns.length) return undefined
  const at = (column: string) => given[columns.indexOf(column)]
  const values = new Map<string, NewValue>()
  for (const column of table.values.keys()) {
    const value = at(column)
    // Without a value the column has its default.
    values.set(
      column,
      value === undefined || value === 'expression' ? { kind: 'expression' } : { kind: 'operand', operand: value },
    )
  }
  const key = at(table.key)
  return { key: key === 'expression' ? undefined : key, values }
}

/** An operand that is all up to the next comma or bracket. */
function takeWholeOperand(reader: RowReader): Operand | undefined {
  const start = reader.at
  const operand = reader.operand()
  if (operand !== undefined && (reader.isSymbol(',') || reader.isSymbol(')'))) return operand
  reader.at = start
  return undefined
}

function takePlainExpression(reader: RowReader): 'expression' | undefined {
  const start = reader.at
  const found = reader.expression()
  return reader.tokensFrom(start).some(isSelect) ? undefined : found
}

/** Reads an ON CONFLICT, if there is one: `none`, `nothing`, or what it sets. */
export function takeConflict(reader: RowReader, table: RecordedTable): 'none' | 'nothing' | NewValues | undefined {
  if (!reader.takeWord('on')) return 'none'
  if (!reader.takeWord('conflict')) return undefined
  const target = reader.isSymbol('(') ? reader.listOf(() => reader.name()) : undefined
  if (!reader.takeWord('do')) return undefined
  const isByKey = target?.length === 1 && target[0] === table.key
  if (reader.takeWord('nothing')) return isByKey || target === undefined ? 'nothing' : undefined
  if (!isByKey || !reader.takeWord('update') || !reader.takeWord('set')) return undefined
  const sets = takeSets(reader, table, ['where', 'returning'])
  if (sets !== undefined && reader.takeWord('where')) reader.skipTo(['returning'])
  return sets
}

/** The values of a row that is inserted, or updated if it exists. */
export function mergedWith(sets: NewValues, inserted: NewValues): NewValues {
  const merged = new Map<string, NewValue>()
  for (const [column, value] of inserted) {
    const set = sets.get(column)
    if (set === undefined) merged.set(column, { kind: 'conflicting' })
    else if (set.kind === 'excluded' || isSame(set, value)) merged.set(column, value)
    else merged.set(column, set.kind === 'expression' ? set : { kind: 'expression' })
  }
  return merged
}

const isSame = (one: NewValue, other: NewValue): boolean =>
  one.kind === 'operand' && other.kind === 'operand' && JSON.stringify(one) === JSON.stringify(other)
