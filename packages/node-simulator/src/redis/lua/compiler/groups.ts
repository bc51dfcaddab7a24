import type { Options, Parser, Token } from 'luaparse'

interface Lexing {
  parse(options: Partial<Options>): Parser
}

const [STRING, IDENTIFIER, PUNCTUATOR, END] = [2, 8, 32, 1]

/** After these a parenthesis begins the arguments of a call. */
const isCalled = ({ type, value }: Token): boolean =>
  type === STRING || type === IDENTIFIER || (type === PUNCTUATOR && /^[)\]}]$/.test(value))

/**
 * Where expressions begin that are in parentheses, which the parser does not tell: of a call in parentheses only the first
 * result counts.
 */
export function groupStarts(lexer: Lexing, source: string): ReadonlySet<number> {
  const starts = new Set<number>()
  const parser = lexer.parse({ wait: true, luaVersion: '5.1', encodingMode: 'pseudo-latin1' })
  parser.write(source)
  let before: Token | undefined
  let groups = false
  for (let token = parser.lex(); token.type !== END; token = parser.lex()) {
    if (groups) starts.add(token.range[0])
    groups = token.type === PUNCTUATOR && token.value === '(' && (before === undefined || !isCalled(before))
    before = token
  }
  return starts
}
