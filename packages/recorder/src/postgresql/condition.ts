import type { Operand } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import { AFTER_TABLE, SqlReader } from './sql-reader.ts'
import { isTable, type Token } from './sql-tokens.ts'

// A SELECT whose answer changes with every further row that its WHERE is true of.

const COMPARISONS = ['=', '<>', '!=', '<=', '>=', '<', '>'] as const
export type Comparison = Exclude<(typeof COMPARISONS)[number], '!='> | 'is null' | 'is not null'

/** With the sides exchanged. */
const REVERSED = { '=': '=', '<>': '<>', '!=': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** A WHERE that asks only this of a row: all of these comparisons. */
export interface Condition {
  readonly table: RecordedTable
  readonly comparisons: readonly {
    readonly column: string
    readonly comparison: Comparison
    /** It is true of a row that it is true of for one of these; there is none for a test for null. */
    readonly operands: readonly Operand[]
  }[]
  /** The most rows that it returns. */
  readonly limit: Operand | undefined
  /** Its only answer is whether there are such rows, or whether there are none. */
  readonly tells?: 'exists' | 'not exists' | undefined
}

/** The condition of a SELECT; undefined for any other statement, and if its answer may be the same with a further row. */
export function conditionOf(
  tokens: readonly Token[],
  tables: ReadonlyMap<string, RecordedTable>,
): Condition | undefined {
  const table = [...tables.values()].find(({ name }) => tokens.some((token) => isTable(token, name)))
  return table === undefined ? undefined : new ConditionParser(tokens, table).condition()
}

const AGGREGATES = ['count', 'sum', 'coalesce', 'cast'] as const
const AFTER_CONDITIONS = ['order', 'for', 'limit', 'offset', 'fetch']

class ConditionParser extends SqlReader {
  readonly #table: RecordedTable
  readonly #comparisons: Condition['comparisons'][number][] = []
  #alias: string | undefined

  constructor(tokens: readonly Token[], table: RecordedTable) {
    super(tokens)
    this.#table = table
  }

  condition(): Condition | undefined {
    if (!this.takeWord('select')) return undefined
    const tells = this.#telling()
    const limit = (tells === undefined || this.takeWord('select')) && this.#rows()
    const isWhole = tells === undefined || (this.takeSymbol(')') && this.#named())
    if (!limit || !isWhole || !this.isAtEnd) return undefined
    return { table: this.#table, comparisons: this.#comparisons, ...limit, tells }
  }

  /** `EXISTS (` and `NOT EXISTS (`. */
  #telling(): Condition['tells'] {
    const isNot = this.isWordOf(['not'])
    const [exists, bracket] = this.tokens.slice(this.at + (isNot ? 1 : 0))
    if (exists?.kind !== 'word' || exists.quoted || exists.text !== 'exists' || bracket?.text !== '(') return undefined
    this.skip(isNot ? 3 : 2)
    return isNot ? 'not exists' : 'exists'
  }

  #rows(): Pick<Condition, 'limit'> | undefined {
    if (!this.#items() || !this.takeWord('from') || !this.#from()) return undefined
    if (this.takeWord('where') && !this.#conjunction()) return undefined
    return this.#end()
  }

  /** Columns and constants, or counts and sums alone: with another row, both are other answers. */
  #items(): boolean {
    if (this.isWordOf(AGGREGATES) && this.tokens[this.at + 1]?.text === '(') {
      do if (!this.#aggregate() || !this.#named()) return false
      while (this.takeSymbol(','))
      return true
    }
    do if (!(this.takeSymbol('*') || this.plainOperand() !== undefined || this.#path()) || !this.#named()) return false
    while (this.takeSymbol(','))
    return true
  }

  /** `count(*)`, `sum(amount)`, within `coalesce(…, 0)` or `cast(… as int)`. */
  #aggregate(): boolean {
    const called = AGGREGATES.find((each) => this.takeWord(each))
    if (called === undefined || !this.takeSymbol('(')) return false
    return this.#aggregated(called) && this.takeSymbol(')')
  }

  #aggregated(called: (typeof AGGREGATES)[number]): boolean {
    switch (called) {
      case 'coalesce':
        if (!this.#aggregate()) return false
        this.cast()
        return this.takeSymbol(',') && this.operand() !== undefined
      case 'cast':
        if (!this.#aggregate() || !this.takeWord('as')) return false
        this.skipTo([], ')')
        return true
      case 'count':
        return this.takeSymbol('*') || this.plainOperand() !== undefined || this.#counted()
      case 'sum':
        return this.#add(this.#column(), '<>', [{ kind: 'constant', text: '0' }])
      default:
        return called satisfies never
    }
  }

  /** A row counts if its column is not null, which the key never is. */
  #counted(): boolean {
    const column = this.#column(this.#table.key)
    return column === this.#table.key || this.#add(column, 'is not null', [])
  }

  #path(): boolean {
    if (this.isWordOf(['distinct', 'all', 'select', 'from', 'case', 'exists', 'not', 'array', 'row'])) return false
    do if (!this.takeSymbol('*') && this.name() === undefined) return false
    while (this.takeSymbol('.'))
    return !this.isSymbol('(')
  }

  /** A cast and a name, if there are any. */
  #named(): boolean {
    this.cast()
    if (this.takeWord('as')) return this.name() !== undefined
    if (this.isAlias() && !this.isWordOf(['from'])) this.skip(1)
    return true
  }

  #from(): boolean {
    let name = this.name()
    while (this.takeSymbol('.')) name = this.name()
    if (name !== this.#table.name) return false
    const isNamed = this.takeWord('as')
    const next = this.tokens[this.at]
    if (isNamed || (next?.kind === 'word' && (next.quoted || !AFTER_TABLE.has(next.text)))) this.#alias = this.name()
    return this.isAtEnd || this.isSymbol(')') || this.isWordOf(['where', ...AFTER_CONDITIONS])
  }

  #conjunction(): boolean {
    do {
      const isKnown = this.takeSymbol('(') ? this.#conjunction() && this.takeSymbol(')') : this.#comparison()
      if (!isKnown) return false
    } while (this.takeWord('and'))
    return this.isAtEnd || this.isSymbol(')') || this.isWordOf(AFTER_CONDITIONS)
  }

  #comparison(): boolean {
    const isNot = this.takeWord('not')
    const left = isNot ? undefined : this.#value()
    const column = left === undefined ? this.#column() : undefined
    if (!isNot && column !== undefined && this.isWordOf(['is', 'in', 'between'])) return this.#worded(column)
    const written = isNot ? undefined : COMPARISONS.find((each) => this.takeSymbol(each))
    if (written === undefined) {
      // A column by itself is a condition.
      if (column === undefined || this.#table.values.get(column) !== 'boolean') return false
      return this.#add(column, '=', [{ kind: 'constant', text: String(!isNot) }])
    }
    return left === undefined
      ? this.#add(column, written === '!=' ? '<>' : written, [this.#value()])
      : this.#add(this.#column(), REVERSED[written], [left])
  }

  #worded(column: string): boolean {
    if (this.takeWord('in')) return this.#add(column, '=', this.listOf(() => this.#value()) ?? [undefined])
    if (this.takeWord('between'))
      return (
        this.#add(column, '>=', [this.#value()]) && this.takeWord('and') && this.#add(column, '<=', [this.#value()])
      )
    this.skip(1)
    const comparison = this.takeWord('not') ? 'is not null' : 'is null'
    return this.takeWord('null') && this.#add(column, comparison, [])
  }

  #add(column: string | undefined, comparison: Comparison, operands: readonly (Operand | undefined)[]): boolean {
    const known = operands.flatMap((operand) => operand ?? [])
    if (column === undefined || known.length < operands.length) return false
    this.#comparisons.push({ column, comparison, operands: known })
    return true
  }

  /** Without a cast, which may change it. */
  #value(): Operand | undefined {
    const operand = this.plainOperand()
    return this.isSymbol('::') ? undefined : operand
  }

  /** A recorded column, or the other one. */
  #column(other?: string): string | undefined {
    const names: string[] = []
    do {
      const name = this.name()
      if (name === undefined) return undefined
      names.push(name)
    } while (this.takeSymbol('.'))
    const column = names.pop() ?? ''
    const table = names.pop()
    const isOwn = table === undefined || table === this.#table.name || table === this.#alias
    return isOwn && (this.#table.values.has(column) || column === other) ? column : undefined
  }

  #end(): Pick<Condition, 'limit'> | undefined {
    let limit: Operand | undefined
    while (!this.isAtEnd && !this.isSymbol(')')) {
      if (this.takeWord('order')) this.skipTo(['for', 'limit', 'offset', 'fetch'], ')')
      else if (this.takeWord('for')) {
        // A locked row that is skipped is as if it were not there.
        if (this.tokens.slice(this.at).some(({ text }) => text === 'skip')) return undefined
        this.skipTo(['limit', 'offset', 'fetch'], ')')
      } else if (limit === undefined && this.takeWord('limit')) {
        limit = this.plainOperand()
        if (limit === undefined) return undefined
      } else return undefined
    }
    return { limit }
  }
}
