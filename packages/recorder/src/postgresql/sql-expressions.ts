import { SqlReader } from './sql-reader.ts'
import { type Token, wordSet } from './sql-tokens.ts'
import type { CastType, Comparison, Expression, Plain, Query } from './sql-tree.ts'

const MOST_NESTED = 100

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map(
  (['=', '<>', '<', '<=', '>', '>='] as const).map((each) => [each as string, each] as const),
).set('!=', '<>')

/** Types of whole numbers, to which the server rounds. */
const WHOLE = wordSet('int int2 int4 int8 integer smallint bigint signed')
/** Types that may round or shorten a value. */
const LOSSY = wordSet(
  'char character bpchar name real float float4 float8 double money bit date time timetz timestamp timestamptz interval unsigned',
)
const PREFIXES: ReadonlySet<string> = new Set(['-', '+', '@', '~', '!', '|', '||', '/', '&', '#'])

const ENDS = wordSet(
  'from where group having order limit offset fetch for union intersect except returning window tablesample on using join inner left right full cross natural as and or when then else end into',
)

/** Reads expressions, each token only once. */
export abstract class ExpressionReader extends SqlReader {
  #depth = 0
  /** Whether a part was nested too deeply to be read. */
  isTooDeep = false

  protected abstract query(): Query

  /** Reads a possibly empty expression. */
  expression(): Expression {
    return this.#joined('or')
  }

  /** Reads a nested part, or skips it if it is too deep. */
  nested<Found>(read: () => Found): Found | undefined {
    if (this.#depth >= MOST_NESTED) {
      this.isTooDeep = true
      this.skipTo()
      return undefined
    }
    this.#depth++
    const found = read()
    this.#depth--
    return found
  }

  /** Returns an expression that starts with the token `from` and ends before the next token to read. */
  #node(is: Plain, from: number, parts: readonly Expression[]): Expression {
    return { is, parts, from, to: this.at }
  }

  #joined(is: 'and' | 'or'): Expression {
    const from = this.at
    const first = is === 'or' ? this.#joined('and') : this.#negated()
    if (!this.takeWord(is)) return first
    const parts = [first]
    do parts.push(is === 'or' ? this.#joined('and') : this.#negated())
    while (this.takeWord(is))
    return this.#node(is, from, parts)
  }

  #negated(): Expression {
    const from = this.at
    let isNegated = false
    while (this.takeWord('not')) isNegated = !isNegated
    const part = this.#condition()
    return isNegated ? this.#node('not', from, [part]) : part
  }

  /** Reads a value or a condition. A chain of operators becomes a list of its operands. */
  #condition(): Expression {
    const from = this.at
    const first = this.#sum()
    if (this.#isEnd()) return first
    const isNegated = this.takeWord('not')
    const condition = this.#predicate(first, from)
    const parts = [condition ?? first]
    // If no operator precedes the last word, this word is an alias.
    for (let isOperator = condition === undefined && isNegated; !this.#isEnd(); isOperator = false) {
      if (!isOperator && this.next?.kind === 'word' && this.#isEnd(1)) break
      this.at++
      parts.push(this.#sum())
    }
    if (parts.length === 1 && condition === undefined) return first
    const found: Expression = parts.length === 1 && condition ? condition : this.#node('other', from, parts)
    return isNegated ? this.#node('not', from, [found]) : found
  }

  #predicate(left: Expression, from: number): Expression | undefined {
    if (this.takeWord('is')) return this.#tested(left, from)
    if (this.takeWord('in')) return this.#among(left, from)
    if (this.takeWord('between')) return this.#between(left, from)
    const token = this.next
    const comparison = token?.kind === 'symbol' ? COMPARISONS.get(token.text) : undefined
    if (comparison === undefined) return undefined
    this.at++
    return this.#compared(left, comparison, from)
  }

  #compared(left: Expression, comparison: Comparison, from: number): Expression {
    const isAny = this.takeWord('any', 'some')
    const isAll = !isAny && this.takeWord('all')
    const parts = [left, this.#sum()]
    if (isAll || (isAny && comparison !== '=')) return this.#node('other', from, parts)
    return isAny ? this.#node('any', from, parts) : { is: 'compared', comparison, parts, from, to: this.at }
  }

  #tested(left: Expression, from: number): Expression {
    const isNot = this.takeWord('not')
    if (this.takeWord('null')) return this.#node(isNot ? 'is not null' : 'is null', from, [left])
    const isDistinct = this.takeWord('distinct') && this.takeWord('from')
    if (!isDistinct) this.name()
    return this.#node('other', from, isDistinct ? [left, this.#sum()] : [left])
  }

  #among(left: Expression, from: number): Expression {
    const found = this.takeSymbol('(') ? this.#inBrackets() : { parts: [], isPlain: false }
    return this.#node(found.isPlain ? 'in' : 'other', from, [left, ...found.parts])
  }

  #between(left: Expression, from: number): Expression {
    const least = this.#sum()
    if (!this.takeWord('and')) return this.#node('other', from, [left, least])
    const most = this.#sum()
    const span = { from, to: this.at }
    const isLeast: Expression = { is: 'compared', comparison: '>=', parts: [left, least], ...span }
    return { is: 'and', parts: [isLeast, { ...isLeast, comparison: '<=', parts: [left, most] }], ...span }
  }

  #sum(): Expression {
    const from = this.at
    const first = this.#cast()
    if (!this.isSymbol('+') && !this.isSymbol('-')) return first
    const sign = this.isSymbol('+') ? 1 : -1
    const parts = [first]
    while (this.isSymbol('+') || this.isSymbol('-')) {
      this.at++
      parts.push(this.#cast())
    }
    return parts.length === 2 ? { is: 'sum', sign, parts, from, to: this.at } : this.#node('other', from, parts)
  }

  /** `$1::numeric(10, 2)[]`. */
  #cast(): Expression {
    const from = this.at
    let found = this.#primary()
    while (this.takeSymbol('::')) found = this.#castTo(this.#type(), found, from)
    return found
  }

  /**
   * Applies a cast to an expression. Several casts of one expression become one cast, which is lossy if one of them is
   * lossy.
   */
  #castTo(type: CastType, found: Expression, from: number): Expression {
    const [inner, parts] = found.is === 'cast' ? [found.type, found.parts] : ['same' as const, [found]]
    return { is: 'cast', type: inner === 'same' || type === 'lossy' ? type : inner, parts, from, to: this.at }
  }

  #type(): CastType {
    const isQuoted = this.next?.kind === 'word' && this.next.quoted
    const name = this.lastName() ?? ''
    const isVarying = this.takeWord('varying')
    this.takeWord('precision')
    const isLimited = this.takeSymbol('(')
    if (isLimited) {
      this.skipTo()
      this.takeSymbol(')')
    }
    const isArray = this.isSymbol('[')
    while (this.takeSymbol('[')) this.takeSymbol(']')
    if (isLimited || (LOSSY.has(name) && !isQuoted && !isVarying)) return 'lossy'
    return WHOLE.has(name) && !isArray ? 'whole' : 'same'
  }

  #primary(): Expression {
    const from = this.at
    const operand = this.operand()
    if (operand !== undefined) return { is: 'operand', operand, parts: [], from, to: this.at }
    if (this.#isEnd()) return { is: 'other', parts: [], from, to: from }
    if (this.takeSymbol('(')) {
      const { parts, isPlain } = this.#inBrackets()
      const [only, another] = parts
      return only !== undefined && another === undefined && isPlain ? only : this.#node('other', from, parts)
    }
    const token = this.next
    this.at++
    if (token?.text === '*') return { is: 'column', table: undefined, column: '*', parts: [], from, to: this.at }
    if (token?.kind !== 'word') return this.#prefixed(token, from)
    if (!token.quoted && token.text === 'case') return this.#case(from)
    if (this.isSymbol('(')) return this.#call(token.quoted ? `"${token.text}"` : token.text, from)
    return this.#column(token.text, from)
  }

  /** Reads `- balance`, `@ 5` or `- -2`. A name after an operator is no alias. */
  #prefixed(token: Token | undefined, from: number): Expression {
    if (token?.kind !== 'symbol' || !PREFIXES.has(token.text)) return this.#node('other', from, [])
    while (this.next?.kind === 'symbol' && PREFIXES.has(this.next.text)) this.at++
    return this.#node('other', from, [this.#cast()])
  }

  #column(first: string, from: number): Expression {
    let table: string | undefined
    let column: string | undefined = first
    while (column !== undefined && this.takeSymbol('.')) {
      table = column
      column = this.takeSymbol('*') ? '*' : this.name()
    }
    if (this.isSymbol('(')) return this.#call(`${table}.${column}`, from)
    const span = { parts: [], from, to: this.at }
    return column === undefined ? { is: 'other', ...span } : { is: 'column', table, column, ...span }
  }

  #call(name: string, from: number): Expression {
    this.at++
    const { parts, isPlain, type } = this.#inBrackets()
    const [only] = parts
    const to = this.at
    if (name === 'exists' && only?.is === 'query') return { is: 'exists', query: only.query, parts: [], from, to }
    if (name === 'cast' && type !== undefined && only !== undefined) return this.#castTo(type, only, from)
    return { is: 'call', name, isPlain, parts, from, to }
  }

  #case(from: number): Expression {
    const parts: Expression[] = []
    this.nested(() => {
      while (!this.isAtEnd && !this.isSymbol(')') && !this.takeWord('end'))
        parts.push(this.takeWord('when', 'then') || this.takeWord('else') ? this.expression() : this.#advanced())
    })
    return this.#node('other', from, parts)
  }

  #advanced(): Expression {
    const { at } = this
    const found = this.expression()
    if (this.at === at) this.at++
    return found
  }

  /** Reads what is in brackets: a query or a list of expressions. */
  #inBrackets(): { readonly parts: readonly Expression[]; readonly isPlain: boolean; readonly type?: CastType } {
    const found = this.nested(() => {
      const from = this.at
      if (this.word === 'select') {
        const query = this.query()
        const isWhole = query.isPlain && this.isSymbol(')')
        const part: Expression = { is: 'query', query, parts: [], from, to: query.to }
        return { parts: [part], isPlain: isWhole }
      }
      const parts: Expression[] = []
      if (!this.isSymbol(')'))
        do parts.push(this.expression())
        while (this.takeSymbol(','))
      const isPlain = this.isSymbol(')')
      const type = parts.length === 1 && this.takeWord('as') ? this.#type() : undefined
      while (!this.isAtEnd && !this.isSymbol(')')) parts.push(this.#advanced())
      return type === undefined ? { parts, isPlain } : { parts, isPlain, type }
    })
    if (found === undefined || !this.isSymbol(')')) this.skipTo()
    this.takeSymbol(')')
    return found ?? { parts: [], isPlain: false }
  }

  /** Whether an expression ends before the next token, or before the token `further` places after that token. */
  #isEnd(further = 0): boolean {
    const token = this.tokens[this.at + further]
    if (token?.kind === 'symbol') return token.text === ')' || token.text === ','
    // LEFT and RIGHT are also functions.
    const isCall = (token?.text === 'left' || token?.text === 'right') && this.isSymbol('(', further + 1)
    return token === undefined || (token.kind === 'word' && !token.quoted && ENDS.has(token.text) && !isCall)
  }
}
