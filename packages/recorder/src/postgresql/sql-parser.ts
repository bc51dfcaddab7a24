import type { Operand, Place } from './action.ts'
import type { PostgresqlSettings } from './settings.ts'
import { SqlReader } from './sql-reader.ts'
import type { Token } from './sql-tokens.ts'

/** The new value of the recorded column. */
export type Assigned<Value> =
  | { readonly kind: 'operand'; readonly operand: Value }
  | { readonly kind: 'sum'; readonly amount: Value; readonly sign: 1 | -1 }
  | { readonly kind: 'expression' }

export interface Assignments<Value> {
  /** Whether the primary key is assigned. */
  readonly key: boolean
  /** Undefined if the recorded column keeps its value. */
  readonly value: Assigned<Value> | undefined
}

/** Conditions that must all hold. */
export interface Conditions {
  readonly key: Operand | undefined
  /** The value that the recorded column must have. */
  readonly expected: Operand | undefined
  readonly others: number
}

const AFTER_CONDITIONS = ['returning', 'limit', 'for', 'order']
const COMPARISONS = ['=', '<>', '!=', '<', '>', '<=', '>=']

/** Parses a statement on the recorded table. Returns undefined for anything unexpected. */
export class SqlParser extends SqlReader {
  readonly #recorded: PostgresqlSettings['commands']
  #alias: string | undefined
  #hasTable = false

  constructor(tokens: readonly Token[], recorded: PostgresqlSettings['commands']) {
    super(tokens)
    this.#recorded = recorded
  }

  get isCounter(): boolean {
    return this.#recorded.model === 'counter'
  }

  table(): boolean {
    let name = this.name()
    while (this.takeSymbol('.')) name = this.name()
    if (name !== this.#recorded.table) return false
    this.#hasTable = true
    const isNamed = this.takeWord('as')
    if (!isNamed && !this.isAlias()) return true
    this.#alias = this.name()
    return this.#alias !== undefined
  }

  /** The list of a SELECT or RETURNING: plain columns, or all. `value` is undefined without the recorded column. */
  columns(): { readonly value: Place | undefined } | undefined {
    if (this.takeSymbol('*')) return { value: this.#recorded.value }
    let value: Place | undefined
    for (let i = 0; ; i++) {
      const name = this.#column()
      if (name === undefined) return undefined
      if (name === '*') return undefined
      this.cast()
      if (this.takeWord('as')) this.name()
      else if (this.isAlias()) this.at++
      if (name === this.#recorded.value) value = i
      if (!this.takeSymbol(',')) return { value }
    }
  }

  /** The conditions of a WHERE, joined by AND; undefined for anything else, or without a WHERE. */
  conditions(): Conditions | undefined {
    if (!this.takeWord('where')) return undefined
    let key: Operand | undefined
    let expected: Operand | undefined
    let others = 0
    let depth = 0
    do {
      while (this.takeSymbol('(')) depth++
      const column = this.#column()
      if (column === undefined) return undefined
      this.cast()
      if (this.takeWord('is')) {
        this.takeWord('not')
        if (!this.takeWord('null')) return undefined
        others++
      } else {
        const comparison = this.symbolOf(COMPARISONS)
        const operand = comparison === undefined ? undefined : this.operand()
        if (operand === undefined) return undefined
        const isNull = operand.kind === 'constant' && operand.text === null
        if (comparison === '=' && column === this.#recorded.key && key === undefined && !isNull) key = operand
        else if (comparison === '=' && column === this.#recorded.value && expected === undefined && !isNull)
          expected = operand
        else others++
      }
      while (depth > 0 && this.takeSymbol(')')) depth--
    } while (this.takeWord('and'))
    const isWhole = depth === 0 && (this.isAtEnd || this.isWordOf(AFTER_CONDITIONS))
    return isWhole ? { key, expected, others } : undefined
  }

  /** The clauses allowed after the WHERE of a SELECT of one row. */
  endsAsRead(): boolean {
    if (this.takeWord('limit')) {
      const limit = this.operand()
      if (limit?.kind === 'constant' && Number(limit.text) < 1) return false
    }
    while (this.takeWord('for')) {
      this.takeWord('no')
      this.takeWord('key')
      if (!this.takeWord('update') && !this.takeWord('share')) {
        return false
      }
      if (this.takeWord('of')) this.name()
      this.takeWord('nowait')
      // A skipped row exists all the same.
      if (this.takeWord('skip')) return false
    }
    return this.isAtEnd
  }

  /** An optional RETURNING, at the end; undefined if it is not understood. */
  returning(): { readonly value: Place | undefined } | undefined {
    if (!this.takeWord('returning')) return this.isAtEnd ? { value: undefined } : undefined
    const columns = this.columns()
    return this.isAtEnd ? columns : undefined
  }

  /** `a = $1, b = b + 1`, up to one of these words or the end. */
  assignments(ends: readonly string[]): Assignments<Operand> | undefined {
    const found = this.#assignments(ends)
    const value = found?.value
    // EXCLUDED is allowed for conflicts only.
    if (value?.kind === 'operand' && value.operand === 'excluded') return undefined
    if (value?.kind === 'sum' && value.amount === 'excluded') return undefined
    return found as Assignments<Operand> | undefined
  }

  insertedRow(): { readonly key: Operand | undefined; readonly value: Operand | undefined } | undefined {
    const columns = this.listOf(() => this.name())
    if (columns === undefined || !this.takeWord('values')) return undefined
    const values = this.listOf(() => this.operand() ?? this.expression())
    if (values === undefined || values.length !== columns.length || this.isSymbol(',')) return undefined
    const at = (column: string): Operand | undefined => {
      const value = values[columns.indexOf(column)]
      return value === undefined || value === 'expression' ? undefined : value
    }
    return { key: at(this.#recorded.key), value: at(this.#recorded.value) }
  }

  /** The ON CONFLICT of an INSERT; undefined if it is not understood or may be about another row. */
  conflict():
    | 'none'
    | 'nothing'
    | { readonly assigned: Assignments<Operand | 'excluded'>; readonly isConditional: boolean }
    | undefined {
    if (!this.takeWord('on')) return 'none'
    if (!this.takeWord('conflict')) return undefined
    const target = this.isSymbol('(') ? this.listOf(() => this.name()) : undefined
    if (!this.takeWord('do')) return undefined
    if (this.takeWord('nothing')) return 'nothing'
    const isByKey = target?.length === 1 && target[0] === this.#recorded.key
    if (!isByKey || !this.takeWord('update') || !this.takeWord('set')) return undefined
    const assigned = this.#assignments(['where', 'returning'])
    if (assigned === undefined) return undefined
    const isConditional = this.takeWord('where')
    if (isConditional) this.skipTo(['returning'])
    return { assigned, isConditional }
  }

  #assignments(ends: readonly string[]): Assignments<Operand | 'excluded'> | undefined {
    let key = false
    let value: Assigned<Operand | 'excluded'> | undefined
    do {
      const column = this.#column()
      if (column === undefined || !this.takeSymbol('=')) return undefined
      const start = this.at
      const assigned = this.#assigned()
      const isWhole = assigned !== undefined && (this.isSymbol(',') || this.isAtEnd || this.isWordOf(ends))
      if (!isWhole) {
        this.at = start
        this.skipTo(ends, ',')
      }
      if (column === this.#recorded.key) key = true
      if (column === this.#recorded.value) value = isWhole ? assigned : { kind: 'expression' }
    } while (this.takeSymbol(','))
    return { key, value }
  }

  #assigned(): Assigned<Operand | 'excluded'> | undefined {
    const depth = this.takeSymbol('(') ? 1 : 0
    const first = this.#term()
    if (first === undefined) return undefined
    const sign = this.takeSymbol('+') ? 1 : this.takeSymbol('-') ? -1 : undefined
    const second = sign === undefined ? undefined : this.#term()
    if (depth > 0 && !this.takeSymbol(')')) return undefined
    this.cast()
    if (sign === undefined) return first === 'value' ? undefined : { kind: 'operand', operand: first }
    if (first === 'value' && second !== undefined && second !== 'value') return { kind: 'sum', amount: second, sign }
    return second === 'value' && first !== 'value' && sign === 1 ? { kind: 'sum', amount: first, sign } : undefined
  }

  /** The recorded column, the value to be inserted, or an operand. */
  #term(): Operand | 'value' | 'excluded' | undefined {
    const operand = this.operand()
    if (operand !== undefined) return operand
    const start = this.at
    const isExcluded = this.takeWord('excluded') && this.isSymbol('.')
    this.at = start
    if (isExcluded) this.skip(2)
    const column = isExcluded ? this.name() : this.#column()
    if (column !== this.#recorded.value) return undefined
    this.cast()
    return isExcluded ? 'excluded' : 'value'
  }

  /** `value`, `kv.value` or `public.kv.value`. */
  #column(): string | undefined {
    const start = this.at
    const names: string[] = []
    do {
      if (names.length > 0 && this.takeSymbol('*')) return '*'
      const name = this.name()
      if (name === undefined) {
        this.at = start
        return undefined
      }
      names.push(name)
    } while (this.takeSymbol('.'))
    const column = names.pop()
    const table = names.pop()
    // In a SELECT the alias comes only after the columns.
    const isStrange = table !== undefined && table !== this.#recorded.table && table !== this.#alias
    if (isStrange && this.#hasTable) return undefined
    return this.isSymbol('(') ? undefined : column
  }
}
