import type { Operand } from './action.ts'
import type { Token } from './sql-tokens.ts'

/** Reads the words of a statement one after another. */
export class SqlReader {
  readonly tokens: readonly Token[]
  /** The place of the next token. What was read in vain is read again from an earlier one. */
  at = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  takeWord(word: string): boolean {
    const token = this.tokens[this.at]
    if (token?.kind !== 'word' || token.quoted || token.text !== word) return false
    this.at++
    return true
  }

  /** A parameter or a literal, optionally with a cast. */
  operand(): Operand | undefined {
    const start = this.at
    const operand = this.plainOperand()
    if (operand !== undefined) this.cast()
    else this.at = start
    return operand
  }

  get isAtEnd(): boolean {
    return this.at === this.tokens.length
  }

  plainOperand(): Operand | undefined {
    const sign = this.takeSymbol('-') ? '-' : ''
    const token = this.tokens[this.at]
    if (token === undefined) return undefined
    if ((token.kind === 'number' || token.kind === 'string') && token.literal !== undefined) {
      if (sign === '-' && token.kind === 'string') return undefined
      this.at++
      return { kind: 'literal', number: token.literal, sign }
    }
    if (token.kind === 'number') return this.#constant(`${sign}${token.text}`)
    if (sign !== '') return undefined
    if (token.kind === 'parameter') {
      this.at++
      return { kind: 'parameter', number: token.number }
    }
    if (token.kind === 'string') return this.#constant(token.text)
    if (token.kind !== 'word' || token.quoted) return undefined
    if (token.text === 'null') return this.#constant(null)
    return token.text === 'true' || token.text === 'false' ? this.#constant(token.text) : undefined
  }

  #constant(text: string | null): Operand {
    this.at++
    return { kind: 'constant', text }
  }

  /** `::text` or `::numeric(10, 2)[]`. */
  cast(): void {
    while (this.takeSymbol('::')) {
      this.name()
      while (this.takeSymbol('.')) this.name()
      if (this.isSymbol('(')) this.skipGroup()
      while (this.takeSymbol('[')) this.takeSymbol(']')
    }
  }

  listOf<Item>(item: () => Item | undefined): readonly Item[] | undefined {
    if (!this.takeSymbol('(')) return undefined
    const items: Item[] = []
    do {
      const found = item()
      if (found === undefined) return undefined
      items.push(found)
    } while (this.takeSymbol(','))
    return this.takeSymbol(')') ? items : undefined
  }

  /** Any expression, up to the comma or bracket after it. */
  expression(): 'expression' {
    this.skipTo([], ',', ')')
    return 'expression'
  }

  skipTo(words: readonly string[], ...symbols: readonly string[]): void {
    while (!this.isAtEnd && !this.isWordOf(words) && !symbols.some((symbol) => this.isSymbol(symbol))) {
      if (this.isSymbol('(')) this.skipGroup()
      else this.skip(1)
    }
  }

  skipGroup(): void {
    let depth = 0
    do {
      if (this.isSymbol('(')) depth++
      if (this.isSymbol(')')) depth--
      this.skip(1)
    } while (depth > 0 && !this.isAtEnd)
  }

  skip(tokens: number): void {
    this.at += tokens
  }

  /** Another name of a table or column, with or without AS. */
  alias(): string | undefined {
    return this.takeWord('as') || this.isAlias() ? this.name() : undefined
  }

  isAlias(): boolean {
    const token = this.tokens[this.at]
    return token?.kind === 'word' && (token.quoted || !AFTER_TABLE.has(token.text))
  }

  name(): string | undefined {
    const token = this.tokens[this.at]
    if (token?.kind !== 'word') return undefined
    this.at++
    return token.text
  }

  symbolOf(symbols: readonly string[]): string | undefined {
    return symbols.find((symbol) => this.takeSymbol(symbol))
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.at++
    return true
  }

  isSymbol(symbol: string): boolean {
    const token = this.tokens[this.at]
    return token?.kind === 'symbol' && token.text === symbol
  }

  isWordOf(words: readonly string[]): boolean {
    const token = this.tokens[this.at]
    return token?.kind === 'word' && !token.quoted && words.includes(token.text)
  }
}

/** Words that end the name of a table or column, and so are no alias. */
const AFTER_TABLE: ReadonlySet<string> = new Set(
  'where set values from returning on limit order group for join left right inner outer cross full natural using union intersect except having window offset fetch default overriding select as tablesample and or'.split(
    ' ',
  ),
)
