import type { RowReader } from './row-reader.ts'
import type { RowStatement, Rows, Shown } from './row-statement.ts'
import type { Token } from './sql-tokens.ts'

export type RowRead = Extract<RowStatement, { readonly does: 'read' }>

/** Nothing is known of the rows. */
export const ANY_ROWS: Rows = { kind: 'predicate', expected: new Map() }
export const NOTHING_SHOWN: Shown = { key: undefined, values: new Map() }

export class Queries {
  readonly #reader: RowReader
  readonly #parse: (tokens: readonly Token[]) => RowStatement | undefined
  /** Those of a WITH, or in a FROM, by their names. */
  readonly #named = new Map<string, RowRead>()

  /** By its first token: the query of a bracket. */
  readonly #found: Map<Token, RowStatement | undefined>

  /** `parse`: of the statement in the brackets. */
  constructor(
    reader: RowReader,
    found: Map<Token, RowStatement | undefined>,
    parse: (tokens: readonly Token[]) => RowStatement | undefined,
  ) {
    this.#reader = reader
    this.#found = found
    this.#parse = parse
  }

  /** A query in brackets that shows no values of the recorded columns. */
  nested(): RowRead | undefined {
    const reader = this.#reader
    if (!reader.isSymbol('(')) return undefined
    const start = reader.at
    const bracket = reader.tokens[start]
    reader.skipGroup()
    const query = this.#once(bracket, () => this.#parse(reader.tokens.slice(start + 1, reader.at - 1)))
    const isKnown = query?.does === 'read' && query.others === undefined && query.shown.values.size === 0
    return isKnown ? query : undefined
  }

  /** What was found in a bracket is kept, since what contains it may be read several times. */
  #once(bracket: Token | undefined, parse: () => RowStatement | undefined): RowStatement | undefined {
    if (bracket === undefined || this.#found.has(bracket)) return bracket && this.#found.get(bracket)
    const query = parse()
    this.#found.set(bracket, query)
    return query
  }

  /** The query of a WITH, of rows that the statement then names by their key. */
  takeNamed(): boolean {
    const name = this.#reader.name()
    if (name === undefined || !this.#reader.takeWord('as')) return false
    this.#reader.takeWord('not')
    this.#reader.takeWord('materialized')
    const query = this.nested()
    if (query === undefined) return false
    this.#named.set(name, query)
    return true
  }

  /** The query that an UPDATE or DELETE takes its rows from: it is named, or stands there. */
  takeJoined(): boolean {
    const reader = this.#reader
    const isThere = reader.isSymbol('(')
    const found = isThere ? this.nested() : this.#named.get(reader.name() ?? '')
    const given = reader.tokens[reader.at - 1]?.text ?? ''
    const alias = reader.alias()
    if (found === undefined || (isThere && alias === undefined)) return false
    this.#named.set(alias ?? given, found)
    return reader.isWordOf(['where'])
  }

  /** The query whose key it is: `n.id`. */
  keyOfNamed(): RowRead | undefined {
    const [name, dot, column] = this.#reader.tokens.slice(this.#reader.at, this.#reader.at + 3)
    const query = name?.kind === 'word' && dot?.text === '.' ? this.#named.get(name.text) : undefined
    if (query === undefined || column?.text !== query.table.key) return undefined
    this.#reader.skip(3)
    return query
  }

  get isExistence(): boolean {
    const [, bracket, select] = this.#reader.tokens.slice(this.#reader.at, this.#reader.at + 3)
    return this.#reader.isWordOf(['exists']) && bracket?.text === '(' && select?.text === 'select'
  }

  /** `EXISTS (SELECT …)`, alone. */
  existence(): RowRead | undefined {
    this.#reader.skip(1)
    const query = this.nested()
    this.#reader.alias()
    return query === undefined || !this.#reader.isAtEnd
      ? undefined
      : { ...query, rows: ANY_ROWS, shown: NOTHING_SHOWN, locks: false }
  }
}
