import type { Operand } from './action.ts'
import { type Token, wordSet } from './sql-tokens.ts'

/** Reads the tokens of a statement one by one. */
export class SqlReader {
  readonly tokens: readonly Token[]
  at = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  get next(): Token | undefined {
    return this.tokens[this.at]
  }

  get isAtEnd(): boolean {
    return this.at >= this.tokens.length
  }

  get word(): string | undefined {
    const token = this.next
    return token?.kind === 'word' && !token.quoted ? token.text : undefined
  }

  isWordOf(words: ReadonlySet<string>): boolean {
    const { word } = this
    return word !== undefined && words.has(word)
  }

  takeWord(one: string, other: string = one): boolean {
    const { word } = this
    if (word === undefined || (word !== one && word !== other)) return false
    this.at++
    return true
  }

  isSymbol(symbol: string, further = 0): boolean {
    const token = this.tokens[this.at + further]
    return token?.kind === 'symbol' && token.text === symbol
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false
    this.at++
    return true
  }

  name(): string | undefined {
    const token = this.next
    if (token?.kind !== 'word') return undefined
    this.at++
    return token.text
  }

  /** Reads a dotted name and returns its last part. */
  lastName(): string | undefined {
    let name = this.name()
    while (this.takeSymbol('.')) name = this.name()
    return name
  }

  names(): readonly string[] | undefined {
    if (!this.takeSymbol('(')) return undefined
    const names: string[] = []
    do {
      const name = this.name()
      if (name === undefined) return undefined
      names.push(name)
    } while (this.takeSymbol(','))
    return this.takeSymbol(')') ? names : undefined
  }

  alias(): string | undefined {
    return this.takeWord('as') || (this.next?.kind === 'word' && !this.isWordOf(NO_ALIAS)) ? this.name() : undefined
  }

  operand(): Operand | undefined {
    const isNegative = this.isSymbol('-')
    const token = this.tokens[this.at + (isNegative ? 1 : 0)]
    if (token === undefined || (isNegative && token.kind !== 'number')) return undefined
    const operand = operandIn(token, isNegative ? '-' : '')
    if (operand !== undefined) this.at += isNegative ? 2 : 1
    return operand
  }

  /** Skips tokens up to one of these words, or to the end of the bracket. */
  skipTo(words: ReadonlySet<string> = new Set()): void {
    for (let depth = 0; !this.isAtEnd && !(depth === 0 && (this.isSymbol(')') || this.isWordOf(words))); this.at++) {
      if (this.isSymbol('(')) depth++
      else if (this.isSymbol(')')) depth--
    }
  }
}

export function operandIn(token: Token, sign: '-' | ''): Operand | undefined {
  switch (token.kind) {
    case 'number': {
      const literal = literalIn(token, sign)
      const isWhole = literal.kind === 'constant' && WHOLE.test(token.text)
      return isWhole ? literal : { ...literal, exact: 'as numeric' }
    }
    case 'string':
      return literalIn(token, sign)
    case 'parameter':
      return { kind: 'parameter', number: token.number }
    case 'word':
      if (token.quoted) return undefined
      if (token.text === 'null') return { kind: 'constant', text: null }
      return token.text === 'true' || token.text === 'false' ? { kind: 'constant', text: token.text } : undefined
    default:
      return undefined
  }
}

const literalIn = ({ literal, text }: Extract<Token, { readonly literal?: unknown }>, sign: '-' | ''): Operand =>
  literal === undefined ? { kind: 'constant', text: `${sign}${text}` } : { kind: 'literal', number: literal, sign }

const WHOLE = /^\d+$/

/** Words that are not an alias after a name. */
const NO_ALIAS = wordSet(
  'where set values from returning on limit order group for join left right inner outer cross full natural using union intersect except having window offset fetch default overriding select as tablesample and or into',
)
