import type { Operand } from './action.ts'
import { isSameConstant } from './condition.ts'
import type { RecordedTable } from './recorded-table.ts'
import { ANY_ROWS, type Queries, type RowRead } from './row-queries.ts'
import { AFTER_CONDITIONS, isSelect, MOST_NESTED, type RowReader } from './row-reader.ts'
import type { Rows } from './row-statement.ts'
import { isTable } from './sql-tokens.ts'

const AFTER_CONDITION = ['and', 'or', ...AFTER_CONDITIONS]

type Keyed = Extract<Rows, { readonly kind: 'keys' }>

/** What conditions joined by AND say of the rows. */
type Conjunction = Omit<Keyed, 'kind' | 'keys'> & { readonly keys: Keyed['keys'] | undefined }

const TRUE: Conjunction = { keys: undefined, expected: new Map(), isExact: true, hidden: [] }

export class Conditions {
  readonly #reader: RowReader
  readonly #queries: Queries
  readonly #table: RecordedTable

  constructor(reader: RowReader, queries: Queries, table: RecordedTable) {
    this.#reader = reader
    this.#queries = queries
    this.#table = table
  }

  /** The rows of the WHERE, if there is one. Undefined if it is followed by something unexpected. */
  rows(): Rows | undefined {
    if (!this.#reader.takeWord('where')) return ANY_ROWS
    const start = this.#reader.at
    const rows = this.#all()
    if (rows !== undefined) return rows
    this.#reader.at = start
    this.#reader.skipTo(AFTER_CONDITIONS)
    return this.#showsAll(start) ? ANY_ROWS : undefined
  }

  #all(): Rows | undefined {
    const found = this.#conjunction(0)
    if (found === undefined || !(this.#reader.isAtEnd || this.#reader.isWordOf(AFTER_CONDITIONS))) return undefined
    const { keys, expected } = found
    return keys === undefined ? { kind: 'predicate', expected } : { kind: 'keys', ...found, keys }
  }

  /** Conditions joined by AND. Undefined if an OR or another table's values are part of it. */
  #conjunction(depth: number): Conjunction | undefined {
    let all = TRUE
    do {
      const found = this.#condition(depth)
      if (found === undefined) return undefined
      const isExact = all.isExact && found.isExact && (all.keys === undefined || found.keys === undefined)
      const expected = new Map([...all.expected, ...found.expected])
      all = { keys: all.keys ?? found.keys, expected, isExact, hidden: [...all.hidden, ...found.hidden] }
    } while (this.#reader.takeWord('and'))
    return all
  }

  #condition(depth: number): Conjunction | undefined {
    const reader = this.#reader
    const start = reader.at
    const found = depth < MOST_NESTED && reader.takeSymbol('(') ? this.#group(depth) : this.#comparison()
    if (found !== undefined && (reader.isAtEnd || reader.isSymbol(')') || reader.isWordOf(AFTER_CONDITION)))
      return found
    reader.at = start
    reader.skipTo([...AFTER_CONDITION, 'between'], ')')
    if (reader.takeWord('between')) {
      reader.skipTo(AFTER_CONDITION, ')')
      reader.takeWord('and')
      reader.skipTo(AFTER_CONDITION, ')')
    }
    if (reader.at === start || reader.isWordOf(['or']) || !this.#showsAll(start)) return undefined
    const hidden = reader.wordsFrom(start).filter((word) => this.#table.values.has(word) || word === 'select')
    return { ...TRUE, isExact: false, hidden }
  }

  #group(depth: number): Conjunction | undefined {
    const found = this.#conjunction(depth + 1)
    return this.#reader.takeSymbol(')') ? found : undefined
  }

  /** A column compared with a value; also `1=1`, which ORMs add. */
  #comparison(): Conjunction | undefined {
    const reader = this.#reader
    const constant = reader.operand()
    if (constant !== undefined) {
      const other = reader.takeSymbol('=') ? reader.operand() : undefined
      return other !== undefined && isSameConstant(constant, other) ? TRUE : undefined
    }
    const chosen = this.#chosen()
    if (chosen !== undefined) return { ...TRUE, expected: chosen, isExact: false, hidden: ['select'] }
    const column = reader.column()
    if (column === undefined) return undefined
    const isCast = reader.isSymbol('::')
    reader.cast()
    if (column === this.#table.key) {
      const keys = this.#keys()
      if (keys !== undefined) return { ...TRUE, keys }
    }
    const operand = reader.takeSymbol('=') ? reader.operand() : undefined
    return operand !== undefined && this.#table.values.has(column) && !isCast
      ? { ...TRUE, expected: new Map([[column, operand]]), isExact: false }
      : undefined
  }

  /** `= $1`, `IN ($1, $2)` or `= ANY ($1)`. */
  #keys(): Keyed['keys'] | undefined {
    const reader = this.#reader
    const start = reader.at
    const found = reader.takeWord('in') ? reader.listOf(() => reader.operand()) : this.#equalKeys()
    if (found === undefined) reader.at = start
    return found
  }

  #equalKeys(): Keyed['keys'] | undefined {
    const reader = this.#reader
    if (!reader.takeSymbol('=')) return undefined
    if (!reader.takeWord('any')) {
      const key = reader.operand()
      return key === undefined ? undefined : [key]
    }
    const array = reader.listOf(() => reader.operand())
    return array?.length === 1 && array[0] !== undefined ? { array: array[0] } : undefined
  }

  /** What the rows have that a query chose by their keys: `id = (SELECT id …)`, `id IN (SELECT id …)`, `id = n.id`. */
  #chosen(): ReadonlyMap<string, Operand> | undefined {
    const start = this.#reader.at
    const query = this.#chosenBy()
    if (query === undefined) {
      this.#reader.at = start
      return undefined
    }
    const { table, rows, shown } = query
    return table === this.#table && rows.kind !== 'linked' && shown.key !== undefined ? rows.expected : new Map()
  }

  #chosenBy(): RowRead | undefined {
    const reader = this.#reader
    const { key } = this.#table
    const other = this.#queries.keyOfNamed()
    if (other !== undefined) return reader.takeSymbol('=') && reader.column() === key ? other : undefined
    if (reader.column() !== key) return undefined
    if (reader.takeWord('in')) return this.#queries.nested()
    if (!reader.takeSymbol('=')) return undefined
    return reader.isSymbol('(') ? this.#queries.nested() : this.#queries.keyOfNamed()
  }

  /** Whether all that is read from `start` to here, by queries in it, is which rows there are. */
  #showsAll(start: number): boolean {
    const reader = this.#reader
    const end = reader.at
    for (reader.at = start; reader.at < end; ) {
      const isQuery = reader.isSymbol('(') && isSelect(reader.tokens[reader.at + 1])
      if (isSelect(reader.tokens[reader.at]) || (isQuery && !this.#isPlainQuery())) return false
      if (!isQuery) reader.skip(1)
    }
    reader.at = end
    return true
  }

  #isPlainQuery(): boolean {
    const start = this.#reader.at
    if (this.#queries.nested() !== undefined) return true
    const tokens = this.#reader.tokensFrom(start)
    // A table before a dot is one of its columns, which the query around it has.
    const isColumn = (at: number): boolean => tokens[at + 1]?.text === '.'
    return this.#reader.tables.every(({ name }) => !tokens.some((token, at) => isTable(token, name) && !isColumn(at)))
  }
}
