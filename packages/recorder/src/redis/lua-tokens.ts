/**
 * The tokens of a Lua 5.1 script, which are equal for scripts that differ only in layout: without whitespace and
 * comments, strings in double quotes, no semicolon at the end of a block, and Redis commands in upper case. Scripts
 * with equal tokens do the same, or are both invalid. Undefined if it cannot be read.
 */
export function luaTokens(script: string): readonly string[] | undefined {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < script.length) {
    const found = TOKEN.exec(script)?.groups
    if (found === undefined) return undefined
    const { string, other } = found
    if (string !== undefined) tokens.push(isCommand(tokens) ? inQuotes(string).toUpperCase() : inQuotes(string))
    else if (other !== undefined) {
      if (ENDS.has(other)) dropSemicolon(tokens)
      tokens.push(other)
    }
  }
  dropSemicolon(tokens)
  return tokens
}

/** Comments and strings with long brackets end with as many equals signs as they begin with. */
const TOKEN = new RegExp(
  [
    /\s+/,
    /--\[(?<comment>=*)\[[\s\S]*?\]\k<comment>\]/,
    /--(?!\[=*\[)[^\n]*/,
    /(?<string>'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|\[(?<level>=*)\[[\s\S]*?\]\k<level>\])/,
    /(?<other>[A-Za-z_]\w*|\.?\d(?:[\w.]|(?<=[eE])[+-])*|\.{2,3}|[=~<>]=|-(?!-)|\[(?!=*\[)|[+*/%^#=<>(){}\];:,.])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
)

/** A semicolon after the last statement of a block is redundant. */
const ENDS: ReadonlySet<string> = new Set(['else', 'elseif', 'end'])

function dropSemicolon(tokens: string[]): void {
  if (tokens.at(-1) === ';') tokens.pop()
}

/** A string with an escape, or in long brackets, keeps its own spelling. */
const inQuotes = (string: string): string =>
  string.startsWith('[') || string.includes('\\') ? string : `"${string.slice(1, -1)}"`

/** Whether the next token is the name of a command, whose case Redis ignores. */
const isCommand = (tokens: readonly string[]): boolean => CALLS.has(tokens.slice(-4).join(' '))

const CALLS: ReadonlySet<string> = new Set(['redis . call (', 'redis . pcall ('])
