const WORD = /[\p{L}\p{N}_$]+/uy

/**
 * Compiles a test of whether a text has a statement that begins with `words`. The test ignores case, comments and
 * spaces. It takes linear time, because clients choose the text.
 */
export function compileStatement(words: string): (sql: string) => boolean {
  const wanted = [...tokensOf(words)]
  return (sql) => {
    /** Number of leading words that match so far; undefined after a different word. */
    let met: number | undefined = 0
    for (const token of tokensOf(sql)) {
      if (token === ';') met = 0
      else if (met !== undefined) met = token === wanted[met] ? met + 1 : undefined
      if (met === wanted.length) return true
    }
    return false
  }
}

function* tokensOf(sql: string): Iterable<string> {
  for (let at = 0; at < sql.length; ) {
    const end = endOf(sql, at)
    const token = sql.slice(at, end)
    at = end
    if (token.trim() !== '' && !token.startsWith('--') && !token.startsWith('/*')) yield token.toLowerCase()
  }
}

function endOf(sql: string, at: number): number {
  const first = sql.charAt(at)
  if (sql.startsWith('--', at)) return endAfter(sql, '\n', at + 2)
  if (sql.startsWith('/*', at)) return endAfter(sql, '*/', at + 2)
  // A quotation with a doubled quote is read as two quotations. That makes no difference here.
  if (first === "'" || first === '"' || first === '`') return endAfter(sql, first, at + 1)
  const dollar = first === '$' ? /^\$([a-z_]\w*)?\$/i.exec(sql.slice(at, at + LONGEST_TAG)) : null
  if (dollar !== null) return endAfter(sql, dollar[0], at + dollar[0].length)
  WORD.lastIndex = at
  return WORD.test(sql) ? WORD.lastIndex : at + 1
}

const LONGEST_TAG = 64

function endAfter(sql: string, closing: string, from: number): number {
  const found = sql.indexOf(closing, from)
  return found < 0 ? sql.length : found + closing.length
}
