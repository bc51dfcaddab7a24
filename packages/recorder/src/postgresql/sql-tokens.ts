/** A word or a number of a statement. Names are in lower case unless they were quoted. */
export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean }
  /** `literal`: the literal's index in the text. Set only if texts with other literals share the cached statement. */
  | { readonly kind: 'number' | 'string'; readonly text: string; readonly literal?: number | undefined }
  | { readonly kind: 'symbol'; readonly text: string }
  | { readonly kind: 'parameter'; readonly text: string; readonly number: number }

/** A set of words, listed in one text. */
export const wordSet = (words: string): ReadonlySet<string> => new Set(words.split(' '))

/** Returns the word of a token; undefined for a quoted name and for a token that is no word. */
export const plainWord = (token: Token | undefined): string | undefined =>
  token?.kind === 'word' && !token.quoted ? token.text : undefined

export const plainWords = (tokens: readonly Token[]): readonly string[] => tokens.map((token) => plainWord(token) ?? '')

/** The text of a statement in lower case, with a space between its tokens. */
export const textOf = (tokens: readonly Token[]): string => tokens.map(({ text }) => text.toLowerCase()).join(' ')

/** Whether a token is this table. A reserved word is a table only in quotes: `ORDER BY` names no table "order". */
export const isTable = (token: Token, name: string): boolean =>
  token.kind === 'word' && token.text === name && (token.quoted || !RESERVED.has(name))

const RESERVED = wordSet(
  'all array asc case cast check collate column constraint create default desc do end fetch for foreign from grant group having in into limit not null offset on only order primary references returning select table then to union unique user using when where window with',
)

const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const PARAMETER = /\$(\d+)/y
const DOLLAR_QUOTE = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy
const SPACE = /\s/
const SYMBOLS: ReadonlySet<string> = new Set(['::', '<>', '!=', '<=', '>=', '||'])

type Begins = 'space' | 'word' | 'number' | 'quotation' | 'dollar' | 'other'

const beginnings: readonly Begins[] = Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code)
  if (SPACE.test(letter)) return 'space'
  if (/[A-Za-z_]/.test(letter)) return 'word'
  if (/[\d.]/.test(letter)) return 'number'
  if (letter === '"' || letter === "'") return 'quotation'
  return letter === '$' ? 'dollar' : 'other'
})

function beginningOf(sql: string, at: number): Begins {
  const found = beginnings[sql.charCodeAt(at)]
  if (found !== undefined) return found
  const letter = String.fromCodePoint(sql.codePointAt(at) ?? 0)
  return SPACE.test(letter) ? 'space' : /\p{L}/u.test(letter) ? 'word' : 'other'
}

/** Returns the end of a word of ASCII characters. Undefined if the word may have other characters. */
function endOfPlainWord(sql: string, start: number): number | undefined {
  for (let at = start; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code > 127) return undefined
    if (!IN_WORD[code]) return at
  }
  return sql.length
}

const IN_WORD: readonly boolean[] = Array.from({ length: 128 }, (_, code) => /[\w$]/.test(String.fromCharCode(code)))

/** The tokens of each statement; undefined if a quotation or a comment has no end. */
export function statementsOf(sql: string): readonly (readonly Token[])[] | undefined {
  let tokens: Token[] = []
  const statements: Token[][] = [tokens]
  let at = 0
  const matched = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(sql) ?? undefined
    if (found !== undefined) at += found[0].length
    return found
  }
  const takeSymbol = (): void => {
    const two = sql.slice(at, at + 2)
    const text = SYMBOLS.has(two) ? two : String.fromCodePoint(sql.codePointAt(at) ?? 0)
    at += text.length
    if (text !== ';') {
      tokens.push({ kind: 'symbol', text })
      return
    }
    tokens = []
    statements.push(tokens)
  }
  while (at < sql.length) {
    const begins = beginningOf(sql, at)
    if (begins === 'space') {
      at++
      continue
    }
    const isEscaped = begins === 'word' && sql.charCodeAt(at + 1) === 0x27 && /[eE]/.test(sql.charAt(at))
    if (begins === 'quotation' || isEscaped) {
      const quotation = quotationAt(sql, at)
      if (quotation === undefined) return undefined
      tokens.push(quotation.token)
      at = quotation.end
    } else if (begins === 'word') {
      const end = endOfPlainWord(sql, at)
      const text = end === undefined ? (matched(WORD)?.[0] ?? sql.charAt(at++)) : sql.slice(at, end)
      if (end !== undefined) at = end
      tokens.push({ kind: 'word', text: text.toLowerCase(), quoted: false })
    } else if (begins === 'number') {
      const number = matched(NUMBER)
      if (number === undefined) takeSymbol()
      else tokens.push({ kind: 'number', text: number[0] })
    } else if (begins === 'dollar') {
      const parameter = matched(PARAMETER)
      const dollars = parameter === undefined ? matched(DOLLAR_QUOTE) : undefined
      if (parameter !== undefined) tokens.push({ kind: 'parameter', text: parameter[0], number: Number(parameter[1]) })
      else if (dollars === undefined) takeSymbol()
      else {
        const end = sql.indexOf(dollars[0], at)
        if (end === -1) return undefined
        tokens.push({ kind: 'string', text: sql.slice(at, end) })
        at = end + dollars[0].length
      }
    } else if (sql.startsWith('--', at)) {
      const end = sql.indexOf('\n', at)
      at = end === -1 ? sql.length : end
    } else if (sql.startsWith('/*', at)) {
      const end = endOfComment(sql, at)
      if (end === undefined) return undefined
      at = end
    } else takeSymbol()
  }
  return statements.filter(({ length }) => length > 0)
}

/** Comments nest. */
function endOfComment(sql: string, start: number): number | undefined {
  let depth = 0
  for (let at = start; at < sql.length; at++) {
    const two = sql.slice(at, at + 2)
    if (two === '/*') depth++
    else if (two === '*/') depth--
    else continue
    at++
    if (depth === 0) return at + 1
  }
  return undefined
}

/** A text or name in quotes, if its closing quote is there. */
function quotationAt(sql: string, start: number): { readonly token: Token; readonly end: number } | undefined {
  const isEscaped = sql.charCodeAt(start + 1) === 0x27 && /[eE]/.test(sql.charAt(start))
  const from = start + (isEscaped ? 2 : 1)
  const quote = sql.charAt(from - 1)
  let end = isEscaped ? endOfEscaped(sql, from) : sql.indexOf(quote, from)
  // A doubled quote stands for one quote.
  while (end !== -1 && sql.charAt(end + 1) === quote)
    end = isEscaped ? endOfEscaped(sql, end + 2) : sql.indexOf(quote, end + 2)
  if (end === -1) return undefined
  const written = sql.slice(from, end)
  if (quote === '"') return { token: { kind: 'word', text: written.replaceAll('""', '"'), quoted: true }, end: end + 1 }
  // A text with escapes is never a value.
  if (isEscaped && written.includes('\\')) return { token: { kind: 'symbol', text: "E''" }, end: end + 1 }
  return { token: { kind: 'string', text: written.replaceAll("''", "'") }, end: end + 1 }
}

/** Returns the position of the next unescaped quote. */
function endOfEscaped(sql: string, from: number): number {
  for (let at = from; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === 0x5c) at++
    else if (code === 0x27) return at
  }
  return -1
}

/** A statement's text for display, without values. */
export function shapeOf(tokens: readonly Token[]): string {
  let text = ''
  for (const token of tokens) {
    const isKeyword = token.kind === 'word' && !token.quoted && KEYWORDS.has(token.text)
    const isValue = token.kind === 'string' || token.kind === 'number'
    const word = isValue ? '?' : isKeyword ? token.text.toUpperCase() : token.text
    const isClose = text === '' || CLOSE_AFTER.has(text.charAt(text.length - 1)) || CLOSE.has(word)
    text += isClose ? word : ` ${word}`
    if (text.length > LONGEST_SHAPE) return `${text.slice(0, LONGEST_SHAPE)}…`
  }
  return text
}

/** Returns the texts by which all statements are displayed. Empty if the statements cannot be read. */
export const shapesOf = (sql: string): readonly string[] =>
  (statementsOf(sql) ?? []).flatMap((tokens) => (tokens.length === 0 ? [] : [shapeOf(tokens)]))

const LONGEST_SHAPE = 100
const CLOSE: ReadonlySet<string> = new Set([',', ')', '.', '::', ';'])
const CLOSE_AFTER: ReadonlySet<string> = new Set(['.', '(', ':'])

const KEYWORDS = wordSet(
  'select insert into values update set delete from where and or in on conflict do nothing returning for begin commit rollback as order by limit with copy truncate alter drop create table',
)
