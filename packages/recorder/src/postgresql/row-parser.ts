import type { Operand, Place } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import type { InsertedRow, NewValue, RowStatement, Rows, Shown } from './row-statement.ts'
import { AFTER_TABLE, SqlReader } from './sql-reader.ts'
import { isTable, type Token } from './sql-tokens.ts'

const AFTER_CONDITIONS = ['returning', 'limit', 'for', 'order', 'offset', 'fetch']
const AFTER_CONDITION = ['and', 'or', ...AFTER_CONDITIONS]
const JOINING = ['natural', 'inner', 'left', 'right', 'full', 'cross', 'join', 'on', 'using']
/** Brackets within more brackets than these are not read. */
const MOST_NESTED = 8
/** Their results are not rows of a table. */
const GROUPING = new Set(['group', 'having', 'union', 'intersect', 'except', 'window', 'tablesample'])

/** What conditions joined by AND say of the rows. */
type Conjunction = Omit<Extract<Rows, { readonly kind: 'keys' }>, 'kind' | 'keys'> & {
  readonly keys: Extract<Rows, { readonly kind: 'keys' }>['keys'] | undefined
}

const TRUE: Conjunction = { keys: undefined, expected: new Map(), isExact: true, hidden: [] }
/** Nothing is known of the rows. */
const ANY_ROWS: Rows = { kind: 'predicate', expected: new Map() }

interface Item {
  readonly table: string | undefined
  /** Undefined for an expression. */
  readonly column: string | undefined
  readonly words: readonly string[]
}

/** Parses a statement on one recorded table. Returns undefined for anything unexpected. */
export class RowParser extends SqlReader {
  readonly #tables: ReadonlyMap<string, RecordedTable>
  #alias: string | undefined
  #table: RecordedTable | undefined
  /** Queries that it names: of a WITH, or in a FROM. */
  readonly #named = new Map<string, RowRead>()

  constructor(tokens: readonly Token[], tables: ReadonlyMap<string, RecordedTable>) {
    super(tokens)
    this.#tables = tables
  }

  statement(): RowStatement | undefined {
    if (this.takeWord('select')) return this.#isExists() ? this.#existence() : this.#read()
    if (this.takeWord('insert')) return this.#insert()
    if (this.takeWord('with') && !this.#query()) return undefined
    if (this.takeWord('update')) return this.#update()
    return this.takeWord('delete') ? this.#delete() : undefined
  }

  /** The query of a WITH, of rows that the statement then names by their key. */
  #query(): boolean {
    const name = this.name()
    if (name === undefined || !this.takeWord('as')) return false
    this.takeWord('not')
    this.takeWord('materialized')
    const query = this.#nested()
    if (query === undefined) return false
    this.#named.set(name, query)
    return true
  }

  /** A query in brackets that shows no values of the recorded columns. */
  #nested(): RowRead | undefined {
    if (!this.isSymbol('(')) return undefined
    const start = this.at
    this.skipGroup()
    const query = new RowParser(this.tokens.slice(start + 1, this.at - 1), this.#tables).statement()
    const isKnown = query?.does === 'read' && query.others === undefined && query.shown.values.size === 0
    return isKnown ? query : undefined
  }

  #isExists(): boolean {
    const [exists, bracket, select] = this.tokens.slice(this.at)
    return this.isWordOf(['exists']) && exists !== undefined && bracket?.text === '(' && select?.text === 'select'
  }

  /** `EXISTS (SELECT …)`, alone. */
  #existence(): RowStatement | undefined {
    this.skip(1)
    const query = this.#nested()
    if (this.takeWord('as') || this.isAlias()) this.name()
    return query === undefined || !this.isAtEnd
      ? undefined
      : { ...query, rows: ANY_ROWS, shown: NOTHING_SHOWN, locks: false }
  }

  #read(): RowStatement | undefined {
    if (this.isWordOf(['distinct', 'all'])) return undefined
    if (this.tokens.some((token) => token.kind === 'word' && !token.quoted && GROUPING.has(token.text)))
      return undefined
    const items = this.#items(['from'])
    if (items === undefined || !this.takeWord('from')) return undefined
    const from = this.#from()
    if (from === undefined || !(this.isAtEnd || this.isWordOf(['where', ...AFTER_CONDITIONS]))) return undefined
    const start = this.at
    const reads: RowRead[] = []
    for (const source of from.recorded) {
      this.at = start
      const read = this.#readOf(items, source, from.isJoined)
      if (read === undefined) return undefined
      reads.push(read)
    }
    const [first, ...others] = reads
    return first === undefined || others.length === 0 ? first : { ...first, others }
  }

  /** What it reads of one of its tables. */
  #readOf(items: readonly Item[], { table, alias, isLinked }: Source, isJoined: boolean): RowRead | undefined {
    this.#table = table
    this.#alias = alias
    const asked = this.#rows(table)
    // A column without a table may be one of another table.
    const found = isJoined && asked?.kind === 'predicate' ? ANY_ROWS : asked
    const shown = found === undefined ? undefined : this.#shown(items, table, isJoined ? found : undefined)
    const end = this.#endOfRead()
    if (found === undefined || shown === undefined || end === undefined) return undefined
    const rows: Rows = isLinked && found.kind === 'predicate' ? { kind: 'linked' } : found
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

  /** The recorded tables, alone or joined with others. */
  #from(): { readonly recorded: readonly Source[]; readonly isJoined: boolean } | undefined {
    const recorded: Source[] = []
    let tables = 0
    let isMerged = false
    do {
      this.takeWord('only')
      if (this.isWordOf(['lateral']) || this.isSymbol('(')) return undefined
      this.#alias = undefined
      const table = this.#takeTable()
      const alias = this.#alias
      tables++
      const isNext = this.isAtEnd || this.isSymbol(',') || this.isWordOf([...JOINING, 'where', ...AFTER_CONDITIONS])
      if (!isNext) return undefined
      const start = this.at
      this.skipTo(['join', 'where', ...AFTER_CONDITIONS], ',')
      const joining = this.tokens.slice(start, this.at)
      if (joining.some(isSelect)) return undefined
      isMerged ||= joining.some(({ text }) => text === 'using' || text === 'natural')
      if (table !== undefined) recorded.push({ table, alias, isLinked: isByKey(joining, { table, alias }, recorded) })
    } while (this.takeWord('join') || this.takeSymbol(','))
    // A column that two tables share is of neither.
    return recorded.length === 0 || (recorded.length > 1 && isMerged) ? undefined : { recorded, isJoined: tables > 1 }
  }

  #update(): RowStatement | undefined {
    this.takeWord('only')
    const table = this.#takeTable()
    if (table === undefined || !this.takeWord('set')) return undefined
    const sets = this.#sets(table, ['where', 'returning', 'from'])
    if (sets === undefined) return undefined
    const rows = this.#rowsJoined(table, 'from')
    const shown = this.#returning(table)
    return rows === undefined || shown === undefined ? undefined : { does: 'update', table, rows, sets, shown }
  }

  #delete(): RowStatement | undefined {
    if (!this.takeWord('from')) return undefined
    this.takeWord('only')
    const table = this.#takeTable()
    if (table === undefined) return undefined
    const rows = this.#rowsJoined(table, 'using')
    const shown = this.#returning(table)
    return rows === undefined || shown === undefined ? undefined : { does: 'delete', table, rows, shown }
  }

  #rowsJoined(table: RecordedTable, joining: 'from' | 'using'): Rows | undefined {
    if (!this.takeWord(joining)) return this.#rows(table)
    const rows = this.#joins() ? this.#rows(table) : undefined
    return rows?.kind === 'keys' ? { ...rows, hidden: [...rows.hidden, joining] } : rows
  }

  /** The query that an UPDATE or DELETE takes its rows from: it is named, or stands there. */
  #joins(): boolean {
    const isThere = this.isSymbol('(')
    const found = isThere ? this.#nested() : this.#named.get(this.name() ?? '')
    const given = this.tokens[this.at - 1]?.text ?? ''
    const isAliased = this.takeWord('as') || this.isAlias()
    const alias = isAliased ? this.name() : undefined
    if (found === undefined || (isThere && alias === undefined)) return false
    this.#named.set(alias ?? given, found)
    return this.isWordOf(['where'])
  }

  #insert(): RowStatement | undefined {
    if (!this.takeWord('into')) return undefined
    const table = this.#takeTable()
    const columns = table === undefined ? undefined : this.listOf(() => this.name())
    if (table === undefined || columns === undefined || !this.takeWord('values')) return undefined
    const inserted: InsertedRow[] = []
    do {
      const row = this.#insertedRow(table, columns)
      if (row === undefined) return undefined
      inserted.push(row)
    } while (this.takeSymbol(','))
    const conflict = this.#conflict(table)
    if (conflict === undefined) return undefined
    const shown = this.#returning(table)
    if (shown === undefined) return undefined
    if (typeof conflict === 'string') return { does: 'insert', table, inserted, conflict, shown }
    const merged = inserted.map((row) => ({ ...row, values: mergedWith(conflict, row.values) }))
    return { does: 'insert', table, inserted: merged, conflict: 'update', shown }
  }

  #insertedRow(table: RecordedTable, columns: readonly string[]): InsertedRow | undefined {
    const given = this.listOf(() => this.#wholeOperand() ?? this.#plainExpression())
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

  #plainExpression(): 'expression' | undefined {
    const start = this.at
    const found = this.expression()
    return this.tokens.slice(start, this.at).some(isSelect) ? undefined : found
  }

  /** An operand that is all up to the next comma or bracket. */
  #wholeOperand(): Operand | undefined {
    const start = this.at
    const operand = this.operand()
    if (operand !== undefined && (this.isSymbol(',') || this.isSymbol(')'))) return operand
    this.at = start
    return undefined
  }

  #conflict(table: RecordedTable): 'none' | 'nothing' | ReadonlyMap<string, NewValue> | undefined {
    if (!this.takeWord('on')) return 'none'
    if (!this.takeWord('conflict')) return undefined
    const target = this.isSymbol('(') ? this.listOf(() => this.name()) : undefined
    if (!this.takeWord('do')) return undefined
    const isByKey = target?.length === 1 && target[0] === table.key
    if (this.takeWord('nothing')) return isByKey || target === undefined ? 'nothing' : undefined
    if (!isByKey || !this.takeWord('update') || !this.takeWord('set')) return undefined
    const sets = this.#sets(table, ['where', 'returning'])
    if (sets !== undefined && this.takeWord('where')) this.skipTo(['returning'])
    return sets
  }

  #sets(table: RecordedTable, ends: readonly string[]): ReadonlyMap<string, NewValue> | undefined {
    const sets = new Map<string, NewValue>()
    do {
      const item = this.#column()
      if (item === undefined || !this.takeSymbol('=') || item === table.key) return undefined
      const start = this.at
      const value = this.#newValue(item)
      const isWhole = value !== undefined && (this.isSymbol(',') || this.isAtEnd || this.isWordOf(ends))
      if (!isWhole) {
        this.at = start
        this.skipTo(ends, ',')
      }
      const words = this.tokens.slice(start, this.at).map(({ text }) => text)
      if (words.includes('select')) return undefined
      const of = [...table.values.keys()].filter((column) => words.includes(column))
      if (table.values.has(item)) sets.set(item, isWhole ? value : { kind: 'expression', of })
    } while (this.takeSymbol(','))
    return sets
  }

  #newValue(column: string, depth = 0): NewValue | undefined {
    // As Prisma writes it.
    if (depth < MOST_NESTED && this.takeSymbol('(')) {
      const value = this.#newValue(column, depth + 1)
      return this.takeSymbol(')') ? value : undefined
    }
    const operand = this.operand()
    if (operand !== undefined) {
      const sign = this.#sign()
      if (sign === undefined) return { kind: 'operand', operand }
      const right = this.operand()
      if (right !== undefined) return { kind: 'total', left: operand, right, sign }
      return sign === 1 && this.#column() === column ? { kind: 'sum', amount: operand, sign } : undefined
    }
    if (this.takeWord('excluded'))
      return this.takeSymbol('.') && this.name() === column ? { kind: 'excluded' } : undefined
    if (this.#column() !== column) return undefined
    const sign = this.#sign()
    const amount = sign === undefined ? undefined : this.operand()
    return sign === undefined || amount === undefined ? undefined : { kind: 'sum', amount, sign }
  }

  #sign(): 1 | -1 | undefined {
    return this.takeSymbol('+') ? 1 : this.takeSymbol('-') ? -1 : undefined
  }

  /** The WHERE, if there is one. Undefined if it is followed by something unexpected. */
  #rows(table: RecordedTable): Rows | undefined {
    if (!this.takeWord('where')) return ANY_ROWS
    const start = this.at
    const rows = this.#conditions(table)
    if (rows !== undefined) return rows
    this.at = start
    this.skipTo(AFTER_CONDITIONS)
    return this.#showsAll(start) ? ANY_ROWS : undefined
  }

  /** Conditions joined by AND. */
  #conditions(table: RecordedTable): Rows | undefined {
    const found = this.#conjunction(table, 0)
    if (found === undefined || !(this.isAtEnd || this.isWordOf(AFTER_CONDITIONS))) return undefined
    const { keys, expected } = found
    return keys === undefined ? { kind: 'predicate', expected } : { kind: 'keys', ...found, keys }
  }

  /** Whether all that is read from here on, by queries in it, is which rows there are. */
  #showsAll(start: number): boolean {
    const end = this.at
    for (this.at = start; this.at < end; ) {
      const isQuery = this.isSymbol('(') && isSelect(this.tokens[this.at + 1])
      if (isSelect(this.tokens[this.at]) || (isQuery && !this.#isPlainQuery())) return false
      if (!isQuery) this.skip(1)
    }
    this.at = end
    return true
  }

  #isPlainQuery(): boolean {
    const start = this.at
    if (this.#nested() !== undefined) return true
    const words = this.tokens.slice(start, this.at)
    // A table before a dot is one of its columns, which the query around it has.
    const isColumn = (at: number): boolean => words[at + 1]?.text === '.'
    return [...this.#tables.values()].every(
      ({ name }) => !words.some((word, at) => isTable(word, name) && !isColumn(at)),
    )
  }

  /** Undefined if an OR or another table's values are part of it. */
  #conjunction(table: RecordedTable, depth: number): Conjunction | undefined {
    let all = TRUE
    do {
      const found = this.#condition(table, depth)
      if (found === undefined) return undefined
      const isExact = all.isExact && found.isExact && (all.keys === undefined || found.keys === undefined)
      const expected = new Map([...all.expected, ...found.expected])
      all = { keys: all.keys ?? found.keys, expected, isExact, hidden: [...all.hidden, ...found.hidden] }
    } while (this.takeWord('and'))
    return all
  }

  #condition(table: RecordedTable, depth: number): Conjunction | undefined {
    const start = this.at
    const isEnd = (): boolean => this.isAtEnd || this.isSymbol(')') || this.isWordOf(AFTER_CONDITION)
    const found = depth < MOST_NESTED && this.takeSymbol('(') ? this.#group(table, depth) : this.#comparison(table)
    if (found !== undefined && isEnd()) return found
    this.at = start
    this.skipTo([...AFTER_CONDITION, 'between'], ')')
    if (this.takeWord('between')) {
      this.skipTo(AFTER_CONDITION, ')')
      this.takeWord('and')
      this.skipTo(AFTER_CONDITION, ')')
    }
    if (this.at === start || this.isWordOf(['or']) || !this.#showsAll(start)) return undefined
    const words = this.tokens.slice(start, this.at).map(({ text }) => text)
    const hidden = words.filter((word) => table.values.has(word) || word === 'select')
    return { ...TRUE, isExact: false, hidden }
  }

  #group(table: RecordedTable, depth: number): Conjunction | undefined {
    const found = this.#conjunction(table, depth + 1)
    return this.takeSymbol(')') ? found : undefined
  }

  /** A column compared with a value; also `1=1`, which ORMs add. */
  #comparison(table: RecordedTable): Conjunction | undefined {
    const constant = this.operand()
    if (constant !== undefined) {
      const other = this.takeSymbol('=') ? this.operand() : undefined
      return other !== undefined && isSameConstant(constant, other) ? TRUE : undefined
    }
    const chosen = this.#chosen(table)
    if (chosen !== undefined) return { ...TRUE, expected: chosen, isExact: false, hidden: ['select'] }
    const column = this.#column()
    if (column === undefined) return undefined
    const isCast = this.isSymbol('::')
    this.cast()
    if (column === table.key) {
      const keys = this.#keys()
      if (keys !== undefined) return { ...TRUE, keys }
    }
    const operand = this.takeSymbol('=') ? this.operand() : undefined
    return operand !== undefined && table.values.has(column) && !isCast
      ? { ...TRUE, expected: new Map([[column, operand]]), isExact: false }
      : undefined
  }

  /** What the rows have that a query chose by their keys: `id = (SELECT id …)`, `id IN (SELECT id …)`, `id = n.id`. */
  #chosen(table: RecordedTable): ReadonlyMap<string, Operand> | undefined {
    const start = this.at
    const query = this.#chosenBy(table)
    if (query === undefined) this.at = start
    const isSame = query?.table === table && query.rows.kind !== 'linked' && query.shown.key !== undefined
    return query === undefined ? undefined : isSame && 'expected' in query.rows ? query.rows.expected : new Map()
  }

  #chosenBy(table: RecordedTable): RowRead | undefined {
    const other = this.#columnOfNamed()
    if (other !== undefined) return this.takeSymbol('=') && this.#column() === table.key ? other : undefined
    if (this.#column() !== table.key) return undefined
    if (this.takeWord('in')) return this.#nested()
    if (!this.takeSymbol('=')) return undefined
    return this.isSymbol('(') ? this.#nested() : this.#columnOfNamed()
  }

  /** The query whose key it is: `n.id`. */
  #columnOfNamed(): RowRead | undefined {
    const [name, dot, column] = this.tokens.slice(this.at)
    const query = name?.kind === 'word' && dot?.text === '.' ? this.#named.get(name.text) : undefined
    if (query === undefined || column?.text !== query.table.key) return undefined
    this.skip(3)
    return query
  }

  /** `= $1`, `IN ($1, $2)` or `= ANY ($1)`. */
  #keys(): readonly Operand[] | { readonly array: Operand } | undefined {
    const start = this.at
    const found = this.takeWord('in') ? this.listOf(() => this.operand()) : this.#equalKeys()
    if (found === undefined) this.at = start
    return found
  }

  #equalKeys(): readonly Operand[] | { readonly array: Operand } | undefined {
    if (!this.takeSymbol('=')) return undefined
    if (!this.takeWord('any')) {
      const key = this.operand()
      return key === undefined ? undefined : [key]
    }
    const array = this.listOf(() => this.operand())
    return array?.length === 1 && array[0] !== undefined ? { array: array[0] } : undefined
  }

  #endOfRead(): { readonly locks: boolean; readonly isPartial: boolean } | undefined {
    let locks = false
    let isPartial = false
    while (!this.isAtEnd) {
      if (this.isWordOf(['limit', 'offset', 'fetch', 'order'])) {
        isPartial ||= !this.isWordOf(['order'])
        this.skip(1)
        this.skipTo(['limit', 'offset', 'for'])
      } else if (this.takeWord('for')) {
        this.takeWord('no')
        this.takeWord('key')
        const isUpdate = this.takeWord('update')
        if (!isUpdate && !this.takeWord('share')) return undefined
        locks ||= isUpdate
        const of = this.takeWord('of') ? this.name() : undefined
        if (of !== undefined && of !== this.#table?.name && of !== this.#alias) locks = false
        this.takeWord('nowait')
        if (this.takeWord('skip')) isPartial = this.takeWord('locked')
      } else return undefined
    }
    return { locks, isPartial }
  }

  #returning(table: RecordedTable): Shown | undefined {
    if (this.isAtEnd) return NOTHING_SHOWN
    if (!this.takeWord('returning')) return undefined
    const items = this.#items([])
    return items === undefined ? undefined : (this.#shown(items, table) ?? NOTHING_SHOWN)
  }

  /** The list of a SELECT or RETURNING, up to one of these words. */
  #items(ends: readonly string[]): readonly Item[] | undefined {
    const items: Item[] = []
    do {
      const start = this.at
      const item = this.#plainItem(ends)
      if (item === undefined) {
        this.at = start
        this.skipTo(ends, ',')
      }
      if (this.at === start) return undefined
      items.push(
        item ?? {
          ...{ table: undefined, column: undefined },
          words: this.tokens.slice(start, this.at).map(({ text }) => text),
        },
      )
    } while (this.takeSymbol(','))
    return items
  }

  #plainItem(ends: readonly string[]): Item | undefined {
    const isEnd = (): boolean => this.isSymbol(',') || this.isAtEnd || this.isWordOf(ends)
    if (this.takeSymbol('*')) return isEnd() ? { table: undefined, column: '*', words: [] } : undefined
    let table: string | undefined
    let column = this.name()
    while (column !== undefined && this.takeSymbol('.')) {
      table = column
      column = this.takeSymbol('*') ? '*' : this.name()
    }
    if (column === undefined) return undefined
    this.cast()
    if (this.takeWord('as')) this.name()
    else if (this.isAlias() && !isEnd()) this.skip(1)
    return isEnd() ? { table, column, words: [] } : undefined
  }

  /** Undefined if an expression hides what it reads. */
  #shown(items: readonly Item[], table: RecordedTable, joined?: Rows): Shown | undefined {
    const isJoined = joined !== undefined
    let key: Place | undefined
    const values = new Map<string, Place>()
    for (const [place, item] of items.entries()) {
      // Which columns it stands for, and so where the next ones are, only the server knows.
      if (isJoined && item.column === '*') return undefined
      const isOther = item.table !== undefined && item.table !== table.name && item.table !== this.#alias
      if (isOther && isJoined) continue
      if (isOther) return undefined
      if (item.column === undefined) {
        const isHidden = (word: string): boolean =>
          table.values.has(word) || READING.has(word) || word === table.name || word === this.#alias
        if (withoutCount(item.words, table.key).some(isHidden)) return undefined
      } else if (item.column === '*') {
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

  #takeTable(): RecordedTable | undefined {
    let name = this.name()
    while (this.takeSymbol('.')) name = this.name()
    this.#table = this.#tables.get(name ?? '')
    const isNamed = this.takeWord('as')
    const next = this.tokens[this.at]
    if (isNamed || (next?.kind === 'word' && (next.quoted || !AFTER_TABLE.has(next.text)))) this.#alias = this.name()
    return this.#table
  }

  /** A column of the table, with or without the table's name. */
  #column(): string | undefined {
    const start = this.at
    const names: string[] = []
    do {
      const name = this.name()
      if (name === undefined) break
      names.push(name)
    } while (this.takeSymbol('.'))
    const column = names.pop()
    const table = names.pop()
    const isOther = table !== undefined && table !== this.#table?.name && table !== this.#alias
    if (column !== undefined && !isOther && !this.isSymbol('(')) return column
    this.at = start
    return undefined
  }
}

type RowRead = Extract<RowStatement, { readonly does: 'read' }>

/** A table in the FROM of a SELECT. */
interface Source {
  readonly table: RecordedTable
  readonly alias: string | undefined
  readonly isLinked: boolean
}

/** Whether an ON finds rows of a table by its primary key in another recorded one: `ON o.id = a.owner`. */
function isByKey(joining: readonly Token[], source: Omit<Source, 'isLinked'>, earlier: readonly Source[]): boolean {
  const words = joining.flatMap(({ text }) => (text === '(' || text === ')' ? [] : [text]))
  const [on, one, dot, column, equals, other, , otherColumn] = words
  const isEnd = words.slice(8).every((word) => JOINING.includes(word) || word === 'outer')
  if (on !== 'on' || dot !== '.' || equals !== '=' || otherColumn === undefined || !isEnd) return false
  const named = ({ table, alias }: Omit<Source, 'isLinked'>): string => alias ?? table.name
  const isEarlier = (name: string | undefined): boolean => earlier.some((each) => named(each) === name)
  return one === named(source)
    ? column === source.table.key && isEarlier(other)
    : other === named(source) && otherColumn === source.table.key && isEarlier(one)
}

const isSelect = (token: Token | undefined): boolean => token?.kind === 'word' && token.text === 'select'

/** Without a number of rows, which says nothing of their values. */
function withoutCount(words: readonly string[], key: string): readonly string[] {
  const [count, bracket, counted, end] = words
  const isCount = count === 'count' && bracket === '(' && (counted === '*' || counted === key) && end === ')'
  return isCount ? words.slice(4) : words
}

const isSameConstant = (one: Operand, other: Operand): boolean =>
  one.kind === 'constant' && other.kind === 'constant' && one.text !== null && one.text === other.text

const NOTHING_SHOWN: Shown = { key: undefined, values: new Map() }

/** Words of expressions that read rows without showing them. */
const READING = new Set(['select', 'count', 'sum', 'avg', 'min', 'max', 'exists', 'bool_and', 'bool_or', 'array_agg'])

/** The values of a row that is inserted, or updated if it exists. */
function mergedWith(
  sets: ReadonlyMap<string, NewValue>,
  inserted: ReadonlyMap<string, NewValue>,
): ReadonlyMap<string, NewValue> {
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
