import type { RecordedTable } from './recorded-table.ts'
import { Conditions } from './row-conditions.ts'
import { ANY_ROWS, Queries, type RowRead } from './row-queries.ts'
import { AFTER_CONDITIONS, isSelect, type NamedTable, RowReader } from './row-reader.ts'
import { type Item, shownOf, takeItems, takeReturning } from './row-results.ts'
import type { InsertedRow, RowStatement, Rows } from './row-statement.ts'
import { mergedWith, takeConflict, takeInsertedRow, takeSets } from './row-values.ts'
import type { Token } from './sql-tokens.ts'

/** Their results are not rows of a table. */
const GROUPING = new Set(['group', 'having', 'union', 'intersect', 'except', 'window', 'tablesample'])

/** What a statement does with rows of the recorded tables. Undefined for anything unexpected. */
export const rowStatementOf = (
  tokens: readonly Token[],
  tables: ReadonlyMap<string, RecordedTable>,
): RowStatement | undefined => new RowParser(tokens, tables, new Map(), 0).statement()

/** Queries within more queries than these are not read. */
const MOST_QUERIES = 30

class RowParser {
  readonly #reader: RowReader
  readonly #queries: Queries

  constructor(
    tokens: readonly Token[],
    tables: ReadonlyMap<string, RecordedTable>,
    found: Map<Token, RowStatement | undefined>,
    depth: number,
  ) {
    this.#reader = new RowReader(tokens, tables)
    this.#queries = new Queries(this.#reader, found, (nested) =>
      depth < MOST_QUERIES ? new RowParser(nested, tables, found, depth + 1).statement() : undefined,
    )
  }

  statement(): RowStatement | undefined {
    const reader = this.#reader
    if (reader.takeWord('select')) return this.#queries.isExistence ? this.#queries.existence() : this.#read()
    if (reader.takeWord('insert')) return this.#insert()
    if (reader.takeWord('with') && !this.#queries.takeNamed()) return undefined
    if (reader.takeWord('update')) return this.#update()
    return reader.takeWord('delete') ? this.#delete() : undefined
  }

  #read(): RowStatement | undefined {
    const reader = this.#reader
    if (reader.isWordOf(['distinct', 'all'])) return undefined
    if (reader.tokens.some((token) => token.kind === 'word' && !token.quoted && GROUPING.has(token.text)))
      return undefined
    const items = takeItems(reader, ['from'])
    if (items === undefined || !reader.takeWord('from')) return undefined
    const from = takeSources(reader)
    if (from === undefined || !(reader.isAtEnd || reader.isWordOf(['where', ...AFTER_CONDITIONS]))) return undefined
    const start = reader.at
    const reads: RowRead[] = []
    for (const source of from.recorded) {
      reader.at = start
      const read = this.#readOf(items, source, from.isJoined)
      if (read === undefined) return undefined
      reads.push(read)
    }
    const [first, ...others] = reads
    return first === undefined || others.length === 0 ? first : { ...first, others }
  }

  #readOf(items: readonly Item[], source: Source, isJoined: boolean): RowRead | undefined {
    const reader = this.#reader
    const { table } = source
    reader.turnTo(source)
    const asked = this.#rows(table)
    // A column without a table may be one of another table.
    const found = isJoined && asked?.kind === 'predicate' ? ANY_ROWS : asked
    const shown = found === undefined ? undefined : shownOf(reader, items, table, isJoined ? found : undefined)
    const end = takeEndOfRead(reader)
    if (found === undefined || shown === undefined || end === undefined) return undefined
    const rows: Rows = source.isLinked && found.kind === 'predicate' ? { kind: 'linked' } : found
    const isWhole = rows.kind !== 'keys' || !(end.isPartial || isJoined)
    return {
      does: 'read',
      table,
      shown,
      rows: isWhole ? rows : { ...rows, isExact: false },
      locks: end.locks,
      isJoined,
    }
  }

  #update(): RowStatement | undefined {
    const reader = this.#reader
    reader.takeWord('only')
    const table = reader.takeTable()?.table
    if (table === undefined || !reader.takeWord('set')) return undefined
    const sets = takeSets(reader, table, ['where', 'returning', 'from'])
    if (sets === undefined) return undefined
    const rows = this.#rowsJoined(table, 'from')
    const shown = takeReturning(reader, table)
    return rows === undefined || shown === undefined ? undefined : { does: 'update', table, rows, sets, shown }
  }

  #delete(): RowStatement | undefined {
    const reader = this.#reader
    if (!reader.takeWord('from')) return undefined
    reader.takeWord('only')
    const table = reader.takeTable()?.table
    if (table === undefined) return undefined
    const rows = this.#rowsJoined(table, 'using')
    const shown = takeReturning(reader, table)
    return rows === undefined || shown === undefined ? undefined : { does: 'delete', table, rows, shown }
  }

  #rowsJoined(table: RecordedTable, joining: 'from' | 'using'): Rows | undefined {
    if (!this.#reader.takeWord(joining)) return this.#rows(table)
    const rows = this.#queries.takeJoined() ? this.#rows(table) : undefined
    return rows?.kind === 'keys' ? { ...rows, hidden: [...rows.hidden, joining] } : rows
  }

  #rows(table: RecordedTable): Rows | undefined {
    return new Conditions(this.#reader, this.#queries, table).rows()
  }

  #insert(): RowStatement | undefined {
    const reader = this.#reader
    if (!reader.takeWord('into')) return undefined
    const table = reader.takeTable()?.table
    const columns = table === undefined ? undefined : reader.listOf(() => reader.name())
    if (table === undefined || columns === undefined || !reader.takeWord('values')) return undefined
    const inserted: InsertedRow[] = []
    do {
      const row = takeInsertedRow(reader, table, columns)
      if (row === undefined) return undefined
      inserted.push(row)
    } while (reader.takeSymbol(','))
    const conflict = takeConflict(reader, table)
    if (conflict === undefined) return undefined
    const shown = takeReturning(reader, table)
    if (shown === undefined) return undefined
    if (typeof conflict === 'string') return { does: 'insert', table, inserted, conflict, shown }
    const merged = inserted.map((row) => ({ ...row, values: mergedWith(conflict, row.values) }))
    return { does: 'insert', table, inserted: merged, conflict: 'update', shown }
  }
}

/** Reads what follows the WHERE of a SELECT: whether its rows are locked, and whether some of them may be left out. */
function takeEndOfRead(reader: RowReader): { readonly locks: boolean; readonly isPartial: boolean } | undefined {
  let locks = false
  let isPartial = false
  while (!reader.isAtEnd) {
    if (reader.isWordOf(['limit', 'offset', 'fetch', 'order'])) {
      isPartial ||= !reader.isWordOf(['order'])
      reader.skip(1)
      reader.skipTo(['limit', 'offset', 'for'])
    } else if (reader.takeWord('for')) {
      reader.takeWord('no')
      reader.takeWord('key')
      const isUpdate = reader.takeWord('update')
      if (!isUpdate && !reader.takeWord('share')) return undefined
      locks ||= isUpdate
      const of = reader.takeWord('of') ? reader.name() : undefined
      if (of !== undefined && !reader.isCurrent(of)) locks = false
      reader.takeWord('nowait')
      if (reader.takeWord('skip')) isPartial = reader.takeWord('locked')
    } else return undefined
  }
  return { locks, isPartial }
}

const JOINING = ['natural', 'inner', 'left', 'right', 'full', 'cross', 'join', 'on', 'using']

/** A recorded table in the FROM of a SELECT. `isLinked`: the rows of another one name its rows by their primary key. */
interface Source extends NamedTable {
  readonly isLinked: boolean
}

/** The FROM of a SELECT: its recorded tables, alone or joined with others. */
interface Sources {
  readonly recorded: readonly Source[]
  readonly isJoined: boolean
}

/** Reads a FROM, up to the WHERE or what follows it. Undefined if no table of it is recorded, or it is not understood. */
function takeSources(reader: RowReader): Sources | undefined {
  const recorded: Source[] = []
  let tables = 0
  let isMerged = false
  do {
    reader.takeWord('only')
    if (reader.isWordOf(['lateral']) || reader.isSymbol('(')) return undefined
    const named = reader.takeTable()
    tables++
    const isNext = reader.isAtEnd || reader.isSymbol(',') || reader.isWordOf([...JOINING, 'where', ...AFTER_CONDITIONS])
    if (!isNext) return undefined
    const start = reader.at
    reader.skipTo(['join', 'where', ...AFTER_CONDITIONS], ',')
    const joining = reader.tokensFrom(start)
    if (joining.some(isSelect)) return undefined
    isMerged ||= joining.some(({ text }) => text === 'using' || text === 'natural')
    if (named !== undefined) recorded.push({ ...named, isLinked: isByKey(joining, named, recorded) })
  } while (reader.takeWord('join') || reader.takeSymbol(','))
  // A column that two tables share is of neither.
  return recorded.length === 0 || (recorded.length > 1 && isMerged) ? undefined : { recorded, isJoined: tables > 1 }
}

/** Whether an ON finds rows of a table by its primary key in another recorded one: `ON o.id = a.owner`. */
function isByKey(joining: readonly Token[], source: NamedTable, earlier: readonly NamedTable[]): boolean {
  const words = joining.flatMap(({ text }) => (text === '(' || text === ')' ? [] : [text]))
  const [on, one, dot, column, equals, other, , otherColumn] = words
  const isEnd = words.slice(8).every((word) => JOINING.includes(word) || word === 'outer')
  if (on !== 'on' || dot !== '.' || equals !== '=' || otherColumn === undefined || !isEnd) return false
  const nameOf = ({ table, alias }: NamedTable): string => alias ?? table.name
  const isEarlier = (name: string | undefined): boolean => earlier.some((each) => nameOf(each) === name)
  return one === nameOf(source)
    ? column === source.table.key && isEarlier(other)
    : other === nameOf(source) && otherColumn === source.table.key && isEarlier(one)
}
