import type { Place } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import { NOTHING_SHOWN } from './row-queries.ts'
import type { RowReader } from './row-reader.ts'
import type { Rows, Shown } from './row-statement.ts'

/** Words of expressions that read rows without showing them. */
const READING = new Set(['select', 'count', 'sum', 'avg', 'min', 'max', 'exists', 'bool_and', 'bool_or', 'array_agg'])

export type Item =
  | { readonly kind: 'column'; readonly table: string | undefined; readonly column: string }
  | { readonly kind: 'expression'; readonly words: readonly string[] }

/** Reads the list of a SELECT or RETURNING, up to one of these words. */
export function takeItems(reader: RowReader, ends: readonly string[]): readonly Item[] | undefined {
  const items: Item[] = []
  do {
    const start = reader.at
    let item = takeColumn(reader, ends)
    if (item === undefined) {
      reader.at = start
      reader.skipTo(ends, ',')
      item = { kind: 'expression', words: reader.wordsFrom(start) }
    }
    if (reader.at === start) return undefined
    items.push(item)
  } while (reader.takeSymbol(','))
  return items
}

function takeColumn(reader: RowReader, ends: readonly string[]): Item | undefined {
  const isEnd = (): boolean => reader.isSymbol(',') || reader.isAtEnd || reader.isWordOf(ends)
  if (reader.takeSymbol('*')) return isEnd() ? { kind: 'column', table: undefined, column: '*' } : undefined
  let table: string | undefined
  let column = reader.name()
  while (column !== undefined && reader.takeSymbol('.')) {
    table = column
    column = reader.takeSymbol('*') ? '*' : reader.name()
  }
  if (column === undefined) return undefined
  reader.cast()
  if (reader.takeWord('as')) reader.name()
  else if (reader.isAlias() && !isEnd()) reader.skip(1)
  return isEnd() ? { kind: 'column', table, column } : undefined
}

/** Reads a RETURNING to the statement's end. Undefined if something else follows. */
export function takeReturning(reader: RowReader, table: RecordedTable): Shown | undefined {
  if (reader.isAtEnd) return NOTHING_SHOWN
  if (!reader.takeWord('returning')) return undefined
  const items = takeItems(reader, [])
  return items === undefined ? undefined : (shownOf(reader, items, table) ?? NOTHING_SHOWN)
}

/**
 * What these items show of the table that the reader stands at. `joined`: the rows of it, if other tables are read with
 * it. Undefined if an expression hides what it reads.
 */
export function shownOf(
  reader: RowReader,
  items: readonly Item[],
  table: RecordedTable,
  joined?: Rows,
): Shown | undefined {
  const isJoined = joined !== undefined
  const isHidden = (word: string): boolean => table.values.has(word) || READING.has(word) || reader.isCurrent(word)
  let key: Place | undefined
  const values = new Map<string, Place>()
  for (const [place, item] of items.entries()) {
    if (item.kind === 'expression') {
      if (withoutCount(item.words, table.key).some(isHidden)) return undefined
      continue
    }
    // Which columns it stands for, and so where the next ones are, only the server knows.
    if (isJoined && item.column === '*') return undefined
    const isOther = item.table !== undefined && !reader.isCurrent(item.table)
    if (isOther && isJoined) continue
    if (isOther) return undefined
    if (item.column === '*') {
      key ??= table.key
      for (const column of table.values.keys()) if (!values.has(column)) values.set(column, column)
    } else if (item.column === table.key) key = place
    else if (table.values.has(item.column)) values.set(item.column, place)
  }
  // An outer join also returns rows without one of the table, whose values are all null, unless the WHERE names its key.
  const isNamed = joined?.kind === 'keys' && !('array' in joined.keys) && joined.keys.length === 1
  if (isJoined && !isNamed && key === undefined && values.size > 0) return undefined
  return { key, values }
}

/** Without a number of rows, which says nothing of their values. */
function withoutCount(words: readonly string[], key: string): readonly string[] {
  const [count, bracket, counted, end] = words
  const isCount = count === 'count' && bracket === '(' && (counted === '*' || counted === key) && end === ')'
  return isCount ? words.slice(4) : words
}
