import type { RecordedTable } from './recorded-table.ts'
import { SqlReader } from './sql-reader.ts'
import type { Token } from './sql-tokens.ts'

/** Words that may follow a WHERE. */
export const AFTER_CONDITIONS: readonly string[] = ['returning', 'limit', 'for', 'order', 'offset', 'fetch']
/** Brackets within more brackets than these are not read. */
export const MOST_NESTED = 8

export const isSelect = (token: Token | undefined): boolean => token?.kind === 'word' && token.text === 'select'

export interface NamedTable {
  readonly table: RecordedTable
  readonly alias: string | undefined
}

/** Reads a statement on recorded tables: their names, and columns of the one that it stands at. */
export class RowReader extends SqlReader {
  readonly #tables: ReadonlyMap<string, RecordedTable>
  #current: NamedTable | undefined

  constructor(tokens: readonly Token[], tables: ReadonlyMap<string, RecordedTable>) {
    super(tokens)
    this.#tables = tables
  }

  get tables(): readonly RecordedTable[] {
    return [...this.#tables.values()]
  }

  /** A table with its schema and alias. Undefined if it is not recorded. */
  takeTable(): NamedTable | undefined {
    let name = this.name()
    while (this.takeSymbol('.')) name = this.name()
    const table = this.#tables.get(name ?? '')
    const alias = this.alias()
    this.#current = table === undefined ? undefined : { table, alias }
    return this.#current
  }

  /** From here on columns are those of this table. */
  turnTo(table: NamedTable): void {
    this.#current = table
  }

  /** Whether it is the name or alias of the table that it stands at. */
  isCurrent(name: string): boolean {
    return this.#current !== undefined && (name === this.#current.table.name || name === this.#current.alias)
  }

  /** A column of the table that it stands at, with or without the table's name. */
  column(): string | undefined {
    const start = this.at
    const names: string[] = []
    do {
      const name = this.name()
      if (name === undefined) break
      names.push(name)
    } while (this.takeSymbol('.'))
    const column = names.pop()
    const table = names.pop()
    const isOther = table !== undefined && !this.isCurrent(table)
    if (column !== undefined && !isOther && !this.isSymbol('(')) return column
    this.at = start
    return undefined
  }

  /** All from `start` up to here. */
  tokensFrom(start: number): readonly Token[] {
    return this.tokens.slice(start, this.at)
  }

  wordsFrom(start: number): readonly string[] {
    return this.tokensFrom(start).map(({ text }) => text)
  }
}
