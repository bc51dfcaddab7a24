import { plainWord, type Token, wordSet } from '../postgresql/sql-tokens.ts'

const SPACE = /[\s\0]+/y
const WORD = /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*/y
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const LINE_COMMENT = /(?:#|--(?=\s|$))[^\n]*/y
const SYMBOL = /:=|<=>|<>|!=|<=|>=|\|\||&&|->>?|[\s\S]/y
/** The beginning of a comment that some servers execute: `/*!`, or `/*M!` for MariaDB only. */
const CONDITIONAL = /\/\*M?!/y

/**
 * The tokens of each statement in MySQL's dialect, with names in lower case. Undefined if a quotation or comment has no
 * end, or if some servers execute a comment.
 */
export function statementsOf(sql: string): readonly (readonly Token[])[] | undefined {
  let tokens: Token[] = []
  const statements: Token[][] = [tokens]
  let at = 0
  let parameters = 0
  const matched = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(sql)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  while (at < sql.length) {
    if (matched(SPACE) !== undefined || matched(LINE_COMMENT) !== undefined) continue
    if (matched(CONDITIONAL) !== undefined) return undefined
    const first = sql.charAt(at)
    if (sql.startsWith('/*', at)) {
      const end = sql.indexOf('*/', at + 2)
      if (end === -1) return undefined
      at = end + 2
    } else if (first === "'" || first === '"' || first === '`') {
      const end = endOfQuotation(sql, at)
      if (end === undefined) return undefined
      tokens.push(quotationOf(first, sql.slice(at + 1, end - 1)))
      at = end
    } else if (first === '?') {
      at++
      tokens.push({ kind: 'parameter', text: '?', number: ++parameters })
    } else if (first === ';') {
      at++
      tokens = []
      statements.push(tokens)
    } else {
      const word = matched(WORD)
      const number = word === undefined ? matched(NUMBER) : undefined
      if (word !== undefined) tokens.push(wordOf(word.toLowerCase()))
      else if (number !== undefined) tokens.push({ kind: 'number', text: number })
      else tokens.push({ kind: 'symbol', text: matched(SYMBOL) ?? first })
    }
  }
  return statements.filter(({ length }) => length > 0).map(inUsualWords)
}

export const wordOf = (text: string): Token =>
  text === 'true' || text === 'false'
    ? { kind: 'number', text: text === 'true' ? '1' : '0' }
    : { kind: 'word', text, quoted: false }

/** The position after the closing quote, if there is one. */
function endOfQuotation(sql: string, start: number): number | undefined {
  const quote = sql.charAt(start)
  for (let at = start + 1; at < sql.length; at++) {
    const letter = sql.charAt(at)
    if (letter === '\\' && quote !== '`') at++
    else if (letter === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1
      at++
    }
  }
  return undefined
}

function quotationOf(quote: string, written: string): Token {
  const single = written.replaceAll(quote + quote, quote)
  if (quote === '`') return { kind: 'word', text: single.toLowerCase(), quoted: true }
  const text = written.includes('\\')
    ? written.replace(/\\([\s\S])|(['"])\2/g, (found, escaped: string | undefined, doubled: string | undefined) =>
        escaped !== undefined ? (ESCAPES[escaped] ?? escaped) : doubled === quote ? quote : found,
      )
    : single
  return { kind: 'string', text }
}

const ESCAPES: { readonly [letter: string]: string } = {
  ...{ '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' },
  // MySQL keeps the backslash in these two escapes, because LIKE interprets them.
  ...{ '%': '\\%', _: '\\_' },
}

/** Words after SELECT that do not affect its result. */
const HINTS = wordSet(
  'sql_no_cache sql_cache high_priority straight_join sql_small_result sql_big_result sql_buffer_result sql_calc_found_rows',
)

/**
 * `&&`, `||` and XOR are replaced by AND and OR. XOR counts as OR, because it also binds less tightly than AND. In the
 * mode `PIPES_AS_CONCAT`, `||` is a concatenation, which the recorder does not understand in any form.
 */
const LOGICAL: ReadonlyMap<string, Token> = new Map([
  ['&&', wordOf('and')],
  ['||', wordOf('or')],
  ['xor', wordOf('or')],
])

/** Converts tokens to PostgreSQL's equivalents, without hints. */
function inUsualWords(tokens: readonly Token[]): readonly Token[] {
  const isWord = (at: number, text: string): boolean => plainWord(tokens[at]) === text
  const usual: Token[] = []
  let isAfterSelect = false
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === undefined) continue
    const isPlain = token.kind === 'word' && !token.quoted
    if (isAfterSelect && isPlain && HINTS.has(token.text)) continue
    isAfterSelect = isPlain && token.text === 'select'
    if (isAfterSelect && isWord(at + 1, 'distinctrow')) {
      usual.push(token, wordOf('distinct'))
      at++
    } else if (
      isPlain &&
      token.text === 'lock' &&
      isWord(at + 1, 'in') &&
      isWord(at + 2, 'share') &&
      isWord(at + 3, 'mode')
    ) {
      usual.push(wordOf('for'), wordOf('share'))
      at += 3
    } else usual.push(LOGICAL.get(isPlain || token.kind === 'symbol' ? token.text : '') ?? token)
  }
  return usual
}
