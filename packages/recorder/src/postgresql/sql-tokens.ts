/** A word or a number of a statement. Names are in lower case unless they were quoted. */
export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'number' | 'string' | 'symbol'; readonly text: string }
  | { readonly kind: 'parameter'; readonly text: string; readonly number: number }

/** Whether a token may be this table: a reserved word is one only in quotes, so `ORDER BY` is not about "order". */
export const isTable = (token: Token, name: string): boolean =>
  token.kind === 'word' && token.text === name && (token.quoted || !RESERVED.has(name))

const RESERVED: ReadonlySet<string> = new Set(
  'all array asc case cast check collate column constraint create default desc do end fetch for foreign from grant group having in into limit not null offset on only order primary references returning select table then to union unique user using when where window with'.split(
    ' ',
  ),
)

const SPACE = /(?:\s+|--[^\n]*)+/y
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const PARAMETER = /\$(\d+)/y
const DOLLAR_QUOTE = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy
const SYMBOL = /::|<>|!=|<=|>=|\|\||[^\s\p{L}\p{N}_]/uy

/** The statements of a text, each as its tokens; undefined if a quotation or a comment has no end. */
export function statementsOf(sql: string): readonly (readonly Token[])[] | undefined {
  const statements: Token[][] = [[]]
  let at = 0
  const matching = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(sql)
    if (found === null || found[0] === '') return undefined
    at += found[0].length
    return found
  }
  const push = (token: Token): void => {
    statements.at(-1)?.push(token)
  }
  while (at < sql.length) {
    if (matching(SPACE) !== undefined) continue
    if (sql.startsWith('/*', at)) {
      const end = endOfComment(sql, at)
      if (end === undefined) return undefined
      at = end
      continue
    }
    const quotation = quotationAt(sql, at)
    if (quotation === 'endless') return undefined
    if (quotation !== undefined) {
      push(quotation.token)
      at = quotation.end
      continue
    }
    const parameter = matching(PARAMETER)
    if (parameter !== undefined) {
      push({ kind: 'parameter', text: parameter[0], number: Number(parameter[1]) })
      continue
    }
    const dollars = matching(DOLLAR_QUOTE)
    if (dollars !== undefined) {
      const end = sql.indexOf(dollars[0], at)
      if (end < 0) return undefined
      push({ kind: 'string', text: sql.slice(at, end) })
      at = end + dollars[0].length
      continue
    }
    const number = matching(NUMBER)
    if (number !== undefined) {
      push({ kind: 'number', text: number[0] })
      continue
    }
    const word = matching(WORD)
    if (word !== undefined) {
      push({ kind: 'word', text: word[0].toLowerCase(), quoted: false })
      continue
    }
    const text = matching(SYMBOL)?.[0] ?? sql.charAt(at++)
    if (text === ';') statements.push([])
    else push({ kind: 'symbol', text })
  }
  return statements.filter((tokens) => tokens.length > 0)
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

/** A text in single quotes, optionally with escapes, or a name in double quotes. */
function quotationAt(
  sql: string,
  start: number,
): { readonly token: Token; readonly end: number } | 'endless' | undefined {
  const prefix = /^[eE]'/.test(sql.slice(start, start + 2)) ? 1 : 0
  const quote = sql.charAt(start + prefix)
  if (quote !== "'" && (quote !== '"' || prefix === 1)) return undefined
  let text = ''
  for (let at = start + prefix + 1; at < sql.length; at++) {
    const letter = sql.charAt(at)
    // The meaning of an escape does not matter here, only that it does not end the text.
    if (prefix === 1 && letter === '\\') text += letter + sql.charAt(++at)
    else if (letter !== quote) text += letter
    else if (sql.charAt(at + 1) === quote) {
      text += quote
      at++
    } else {
      const isText = quote === "'"
      // A text with escapes is not used as a value.
      if (isText && text.includes('\\') && prefix === 1) return { token: { kind: 'symbol', text: "E''" }, end: at + 1 }
      return { token: isText ? { kind: 'string', text } : { kind: 'word', text, quoted: true }, end: at + 1 }
    }
  }
  return 'endless'
}

/** A statement's text for people, without values. Reads only the tokens that it shows. */
export function shapeOf(tokens: readonly Token[]): string {
  let text = ''
  for (const token of tokens) {
    const word =
      token.kind === 'string' || token.kind === 'number'
        ? '?'
        : isKeyword(token)
          ? token.text.toUpperCase()
          : token.text
    const isClose = [',', ')', '.', '::', ';'].includes(word) || /[.(:]$/.test(text) || text === ''
    text += isClose ? word : ` ${word}`
    if (text.length > LONGEST_SHAPE) return `${text.slice(0, LONGEST_SHAPE)}…`
  }
  return text
}

const LONGEST_SHAPE = 100

const KEYWORDS: ReadonlySet<string> = new Set(
  'select insert into values update set delete from where and or in on conflict do nothing returning for begin commit rollback as order by limit with copy truncate alter drop create table'.split(
    ' ',
  ),
)

const isKeyword = (token: Token): boolean => token.kind === 'word' && !token.quoted && KEYWORDS.has(token.text)
