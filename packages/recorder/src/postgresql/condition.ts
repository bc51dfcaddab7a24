import type { Operand } from './action.ts'
import type { RecordedTable } from './recorded-table.ts'
import { SqlReader } from './sql-reader.ts'
import { isTable, type Token } from './sql-tokens.ts'

// A SELECT whose answer changes with every further row that its WHERE is true of.

const COMPARISONS = ['=', '<>', '!=', '<=', '>=', '<', '>'] as const
export type Comparison = Exclude<(typeof COMPARISONS)[number], '!='> | 'is null' | 'is not null'

/** With the sides exchanged. */
const REVERSED = { '=': '=', '<>': '<>', '!=': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

interface Compared {
  readonly column: string
  readonly comparison: Comparison
  /** It is true of a row that it is true of for one of these; there is none for a test for null. */
  readonly operands: readonly Operand[]
}

/** Alternatives, each of which is true of a row if all of its comparisons are. */
type AnyOf = readonly (readonly Compared[])[]

/** A WHERE that asks only this of a row. */
export interface Condition {
  readonly table: RecordedTable
  readonly anyOf: AnyOf
  /** The most rows that it returns. */
  readonly limit: Operand | undefined
  /** The rows that it leaves out. */
  readonly offset: Operand | undefined
  /** Its only answer: whether there are such rows, whether there are none, or a column's greatest or least value. */
  readonly tells?: 'exists' | 'not exists' | Extreme | undefined
}

export interface Extreme {
  readonly of: string
  readonly is: 'max' | 'min'
}

/** The condition of a SELECT; undefined for any other statement, and if its answer may be the same with a further row. */
export const conditionOf = (
  tokens: readonly Token[],
  tables: ReadonlyMap<string, RecordedTable>,
): Condition | undefined => parserFor(tokens, tables)?.condition()

/** The condition of the rows that an UPDATE or DELETE changes; undefined for any other statement. */
export const changedOf = (
  tokens: readonly Token[],
  tables: ReadonlyMap<string, RecordedTable>,
): Condition | undefined => parserFor(tokens, tables)?.changed()

function parserFor(tokens: readonly Token[], tables: ReadonlyMap<string, RecordedTable>): ConditionParser | undefined {
  const table = [...tables.values()].find(({ name }) => tokens.some((token) => isTable(token, name)))
  return table === undefined ? undefined : new ConditionParser(tokens, table)
}

const AGGREGATES = ['count', 'sum', 'max', 'min', 'coalesce', 'cast'] as const
const AFTER_CONDITIONS = ['order', 'for', 'limit', 'offset', 'fetch', 'returning']
/** The number of alternatives that are followed. */
const MOST_ALTERNATIVES = 16

const MOST_DEPTH = 100

class ConditionParser extends SqlReader {
  readonly #table: RecordedTable
  readonly #itemsAsk: Compared[] = []
  #extreme: Extreme | undefined
  #alias: string | undefined
  #depth = 0

  constructor(tokens: readonly Token[], table: RecordedTable) {
    super(tokens)
    this.#table = table
  }

  condition(): Condition | undefined {
    if (!this.takeWord('select')) return undefined
    const tells = this.#telling()
    const rows = (tells === undefined || this.takeWord('select')) && this.#rows()
    const isWhole = tells === undefined || (this.#extreme === undefined && this.takeSymbol(')') && this.#aliased())
    if (!rows || !isWhole || !this.isAtEnd) return undefined
    return { table: this.#table, ...rows, tells: tells ?? this.#extreme }
  }

  changed(): Condition | undefined {
    const isDelete = this.takeWord('delete')
    const isNamed = isDelete
      ? this.takeWord('from') && this.#named(['where', 'returning'])
      : this.takeWord('update') && this.#named(['set'])
    if (!isNamed) return undefined
    if (!isDelete) this.skipTo(['where', 'from', 'returning'])
    const anyOf = this.takeWord('where') ? this.#disjunction(this.#table.key) : [[]]
    const isWhole = this.isAtEnd || this.isWordOf(['returning'])
    return anyOf === undefined || !isWhole
      ? undefined
      : { table: this.#table, anyOf, limit: undefined, offset: undefined }
  }

  /** `EXISTS (` and `NOT EXISTS (`. */
  #telling(): Condition['tells'] {
    const isNot = this.isWordOf(['not'])
    const [exists, bracket] = this.tokens.slice(this.at + (isNot ? 1 : 0))
    if (exists?.kind !== 'word' || exists.quoted || exists.text !== 'exists' || bracket?.text !== '(') return undefined
    this.skip(isNot ? 3 : 2)
    return isNot ? 'not exists' : 'exists'
  }

  #rows(): Omit<Condition, 'table' | 'tells'> | undefined {
    if (!this.#items() || !this.takeWord('from') || !this.#named(['where', ...AFTER_CONDITIONS])) return undefined
    const anyOf = this.takeWord('where') ? this.#disjunction() : [[]]
    const end = anyOf && this.#end()
    return end && { anyOf: anyOf.map((each) => [...this.#itemsAsk, ...each]), ...end }
  }

  /** Columns and constants, or counts and sums alone: with another row, both are other answers; or one extreme value. */
  #items(): boolean {
    if (this.isWordOf(AGGREGATES) && this.tokens[this.at + 1]?.text === '(') {
      let items = 0
      do {
        items++
        if (!this.#aggregate() || !this.#aliased()) return false
      } while (this.takeSymbol(','))
      return this.#extreme === undefined || items === 1
    }
    do
      if (!(this.takeSymbol('*') || this.plainOperand() !== undefined || this.#path()) || !this.#aliased()) return false
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
        return this.#counts(this.#compared(this.#column(), '<>', [{ kind: 'constant', text: '0' }]))
      case 'max':
      case 'min': {
        const of = this.#column()
        if (of === undefined || this.#table.values.get(of) !== 'numeric') return false
        this.#extreme = { of, is: called }
        return true
      }
      default:
        return called satisfies never
    }
  }

  /** A row counts if its column is not null, which the key never is. */
  #counted(): boolean {
    const column = this.#column(this.#table.key)
    return column === this.#table.key || this.#counts(this.#compared(column, 'is not null', []))
  }

  #counts(compared: Compared | undefined): boolean {
    if (compared !== undefined) this.#itemsAsk.push(compared)
    return compared !== undefined
  }

  #path(): boolean {
    if (this.isWordOf(['distinct', 'all', 'select', 'from', 'case', 'exists', 'not', 'array', 'row'])) return false
    do if (!this.takeSymbol('*') && this.name() === undefined) return false
    while (this.takeSymbol('.'))
    return !this.isSymbol('(')
  }

  /** A cast and a name, if there are any. */
  #aliased(): boolean {
    this.cast()
    if (this.takeWord('as')) return this.name() !== undefined
    if (this.isAlias() && !this.isWordOf(['from'])) this.skip(1)
    return true
  }

  /** The table alone, up to one of these words. */
  #named(ends: readonly string[]): boolean {
    let name = this.name()
    while (this.takeSymbol('.')) name = this.name()
    if (name !== this.#table.name) return false
    this.#alias = this.alias()
    return this.isAtEnd || this.isSymbol(')') || this.isWordOf(ends)
  }

  /** @param other a column that may be named besides the recorded ones. */
  #disjunction(other?: string): AnyOf | undefined {
    let all: AnyOf = []
    do {
      const found = this.#conjunction(other)
      if (found === undefined) return undefined
      all = [...all, ...found]
    } while (this.takeWord('or'))
    const isEnd = this.isAtEnd || this.isSymbol(')') || this.isWordOf(AFTER_CONDITIONS)
    return isEnd && all.length <= MOST_ALTERNATIVES ? all : undefined
  }

  #conjunction(other: string | undefined): AnyOf | undefined {
    if (++this.#depth > MOST_DEPTH) return undefined
    const found = this.#conditions(other)
    this.#depth--
    return found
  }

  #conditions(other: string | undefined): AnyOf | undefined {
    let all: AnyOf = [[]]
    do {
      const found = this.takeSymbol('(') ? this.#group(other) : this.#comparison(other)
      if (found === undefined || all.length * found.length > MOST_ALTERNATIVES) return undefined
      all = all.flatMap((one) => found.map((another) => [...one, ...another]))
    } while (this.takeWord('and'))
    return all
  }

  #group(other: string | undefined): AnyOf | undefined {
    const found = this.#disjunction(other)
    return this.takeSymbol(')') ? found : undefined
  }

  #comparison(other: string | undefined): AnyOf | undefined {
    const compared = this.#compares(other)
    return compared && [compared]
  }

  #compares(other: string | undefined): readonly Compared[] | undefined {
    const isNot = this.takeWord('not')
    const left = isNot ? undefined : this.#value()
    const column = left === undefined ? this.#column(other) : undefined
    if (!isNot && column !== undefined && this.isWordOf(['is', 'in', 'between'])) return this.#worded(column)
    const written = isNot ? undefined : COMPARISONS.find((each) => this.takeSymbol(each))
    if (written === undefined) {
      // A column by itself is a condition.
      if (column === undefined || this.#table.values.get(column) !== 'boolean') return undefined
      return listed(this.#compared(column, '=', [{ kind: 'constant', text: String(!isNot) }]))
    }
    if (left === undefined) return listed(this.#compared(column, written === '!=' ? '<>' : written, [this.#value()]))
    const right = written === '=' ? this.#value() : undefined
    if (right !== undefined) return isSameConstant(left, right) ? [] : undefined
    return listed(this.#compared(this.#column(other), REVERSED[written], [left]))
  }

  #worded(column: string): readonly Compared[] | undefined {
    if (this.takeWord('in')) return listed(this.#compared(column, '=', this.listOf(() => this.#value()) ?? [undefined]))
    if (this.takeWord('between')) {
      const least = this.#compared(column, '>=', [this.#value()])
      const most = this.takeWord('and') ? this.#compared(column, '<=', [this.#value()]) : undefined
      return least && most && [least, most]
    }
    this.skip(1)
    const comparison = this.takeWord('not') ? 'is not null' : 'is null'
    return this.takeWord('null') ? listed(this.#compared(column, comparison, [])) : undefined
  }

  #compared(
    column: string | undefined,
    comparison: Comparison,
    operands: readonly (Operand | undefined)[],
  ): Compared | undefined {
    const known = operands.flatMap((operand) => operand ?? [])
    return column === undefined || known.length < operands.length ? undefined : { column, comparison, operands: known }
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

  #end(): Pick<Condition, 'limit' | 'offset'> | undefined {
    const end: { limit: Operand | undefined; offset: Operand | undefined } = { limit: undefined, offset: undefined }
    while (!this.isAtEnd && !this.isSymbol(')')) {
      if (this.takeWord('order')) this.skipTo(['for', 'limit', 'offset', 'fetch'], ')')
      else if (this.takeWord('for')) {
        // A locked row that is skipped is as if it were not there.
        if (this.tokens.slice(this.at).some(({ text }) => text === 'skip')) return undefined
        this.skipTo(['limit', 'offset', 'fetch'], ')')
      } else {
        const word = (['limit', 'offset'] as const).find((each) => end[each] === undefined && this.takeWord(each))
        const operand = word && this.plainOperand()
        if (word === undefined || operand === undefined) return undefined
        end[word] = operand
      }
    }
    return end
  }
}

const listed = (compared: Compared | undefined): readonly Compared[] | undefined => compared && [compared]

/** `1=1`, which ORMs add. */
export const isSameConstant = (one: Operand, other: Operand): boolean =>
  one.kind === 'constant' && other.kind === 'constant' && one.text !== null && one.text === other.text
