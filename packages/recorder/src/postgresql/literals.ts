import type { Token } from './sql-tokens.ts'

// Clients without parameters write values into their texts. Texts that differ only in these have one meaning.

/** A text without its literals, and the literals in order. */
export interface Shape {
  readonly key: string
  readonly literals: readonly string[]
}

/** Quoted names, strings and numbers: the first are kept. */
const LITERALS = /"(?:[^"]|"")*"|'(?:[^']|'')*'|(?<![\w$.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w)/g
/** Comments, parameters, escapes, and the marks of literals. */
const UNUSUAL = /--|\/\*|[\\$¤¦]/
/** Strings with a prefix, and statements whose meaning depends on what literals are equal. */
const COMPARED = /\w¦|¦¦|[¤¦]\s*=\s*[¤¦]|\bconflict\b/i

/** Undefined for a text whose meaning may depend on its literals. */
export function shapeIn(sql: string): Shape | undefined {
  if (UNUSUAL.test(sql)) return undefined
  const literals: string[] = []
  const key = sql.replace(LITERALS, (found) => {
    if (found.startsWith('"')) return found
    const isString = found.startsWith("'")
    literals.push(isString ? found.slice(1, -1).replaceAll("''", "'") : found)
    return isString ? '¦' : '¤'
  })
  return literals.length === 0 || COMPARED.test(key) ? undefined : { key, literals }
}

/** The statements with their literals numbered; undefined unless they have exactly these. */
export function numbered(
  statements: readonly (readonly Token[])[],
  literals: readonly string[],
): readonly (readonly Token[])[] | undefined {
  let next = 0
  let isSame = true
  const found = statements.map((tokens) =>
    tokens.map((token): Token => {
      if (token.kind !== 'number' && token.kind !== 'string') return token
      isSame &&= literals[next] === token.text
      return { ...token, literal: next++ }
    }),
  )
  return isSame && next === literals.length ? found : undefined
}
