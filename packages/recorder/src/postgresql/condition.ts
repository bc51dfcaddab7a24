import type { Operand } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import { AFTER_TABLE, SqlReader } from './sql-reader.ts'
import { isTable, type Token } from './sql-tokens.ts'

// A SELECT whose answer changes with every further row that its WHERE is true of.

const COMPARISONS = ['=', '<=', '>=', '<', '>'] as const
export type Comparison = (typeof COMPARISONS)[number]

const REVERSED = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** A WHERE that asks only this of a row: all of these comparisons. */
export interface Condition {
  readonly table: RecordedTable
  readonly comparisons: readonly {
    readonly column: string
    readonly comparison: Comparison
    readonly operand: Operand
  }[]
  /** The most rows that it returns. */
  readonly limit: Operand | undefined
}

/** The condition of a SELECT; undefined for any other statement, and if its answer may be the same with a further row. */
export function conditionOf(
  tokens: readonly Token[],
  tables: ReadonlyMap<string, RecordedTable>,
): Condition | undefined {
  const table = [...tables.values()].find(({ name }) => tokens.some((token) => isTable(token, name)))
  return table === undefined ? undefined : new ConditionParser(tokens, table).condition()
}

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
    const isRead = this.takeWord('select') && this.#items() && this.takeWord('from') && this.#from()
    if (!isRead) return undefined
    if (this.takeWord('where') && !this.#conjunction()) return undefined
    const end = this.#end()
    return end && { table: this.#table, comparisons: this.#comparisons, ...end }
  }

  /** Columns and constants, or `count(*)` alone: with another row, both are other answers. */
  #items(): boolean {
    const isCount = this.takeWord('count') && this.takeSymbol('(')
    if (isCount) {
      if (!(this.takeSymbol('*') || this.plainOperand() !== undefined) || !this.takeSymbol(')')) return false
      return this.#named()
    }
    do if (!(this.takeSymbol('*') || this.plainOperand() !== undefined || this.#path()) || !this.#named()) return false
    while (this.takeSymbol(','))
    return true
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
    return this.isAtEnd || this.isWordOf(['where', ...AFTER_CONDITIONS])
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
    const written = isNot ? undefined : COMPARISONS.find((each) => this.takeSymbol(each))
    if (written === undefined) {
      // A column by itself is a condition.
      if (column === undefined || this.#table.values.get(column) !== 'boolean') return false
      return this.#add(column, '=', { kind: 'constant', text: String(!isNot) })
    }
    return left === undefined
      ? this.#add(column, written, this.#value())
      : this.#add(this.#column(), REVERSED[written], left)
  }

  #add(column: string | undefined, comparison: Comparison, operand: Operand | undefined): boolean {
    if (column === undefined || operand === undefined) return false
    this.#comparisons.push({ column, comparison, operand })
    return true
  }

  /** Without a cast, which may change it. */
  #value(): Operand | undefined {
    const operand = this.plainOperand()
    return this.isSymbol('::') ? undefined : operand
  }

  #column(): string | undefined {
    const names: string[] = []
    do {
      const name = this.name()
      if (name === undefined) return undefined
      names.push(name)
    } while (this.takeSymbol('.'))
    const column = names.pop() ?? ''
    const table = names.pop()
    const isOwn = table === undefined || table === this.#table.name || table === this.#alias
    return isOwn && this.#table.values.has(column) ? column : undefined
  }

  #end(): Pick<Condition, 'limit'> | undefined {
    let limit: Operand | undefined
    while (!this.isAtEnd) {
      if (this.takeWord('order')) this.skipTo(['for', 'limit', 'offset', 'fetch'])
      else if (this.takeWord('for')) {
        // A locked row that is skipped is as if it were not there.
        if (this.tokens.slice(this.at).some(({ text }) => text === 'skip')) return undefined
        this.skipTo(['limit', 'offset', 'fetch'])
      } else if (limit === undefined && this.takeWord('limit')) {
        limit = this.plainOperand()
        if (limit === undefined) return undefined
      } else return undefined
    }
    return { limit }
  }
}
