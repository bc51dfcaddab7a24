import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import jsTokens from 'js-tokens'

const packages = join(import.meta.dirname, '..', 'packages')

/** What a package is written in: TypeScript, and the C of targets/preload. */
const SOURCE = /\.(?:tsx?|[ch])$/

/** The sources of a package, by their paths within its `src`. */
export const sourcesOf = (row) => {
  const folder = join(packages, row, 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => SOURCE.test(name))
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}

/** Returns the number of tokens in all sources of a package. */
export const tokensOf = (row) =>
  [...sourcesOf(row)].reduce((sum, [file, text]) => sum + countTokens(text, { jsx: file.endsWith('x') }), 0)

const NOTHING = new Set([
  'MultiLineComment',
  'SingleLineComment',
  'HashbangComment',
  'WhiteSpace',
  'LineTerminatorSequence',
  // The backslash that continues a line of C.
  'Invalid',
])
const TEXT = new Set([
  'StringLiteral',
  'NoSubstitutionTemplate',
  'TemplateHead',
  'TemplateMiddle',
  'TemplateTail',
  'RegularExpressionLiteral',
  'JSXString',
  'JSXText',
])
const CLOSING = new Set([')', ']', '}', '>'])
const BEFORE_A_UNION = new Set(['=', ':', '(', '<', '[', ',', '=>'])

/**
 * Counts the tokens of a source text, whatever its comments and its layout. Each identifier, number and punctuation
 * mark is one token. In a string, template, regular expression or JSX text, each punctuation mark is one token, and
 * each word is one token per 16 characters, rounded up. Writing code as text, or encoding it, therefore saves nothing.
 * The path of an import is one token, so that files can move.
 *
 * Some tokens depend on the formatter, so they are not counted: semicolons, a comma before a closing bracket, and the
 * `|` or `&` at the start of a type of several lines.
 */
export function countTokens(text, { jsx = false } = {}) {
  let count = 0
  let last = ''
  let beforeLast = ''
  for (const { type, value } of jsTokens(text, { jsx })) {
    if (NOTHING.has(type) || value === ';') continue
    if (last === ',' && CLOSING.has(value)) count -= 1
    if (TEXT.has(type)) count += isImport(beforeLast, last) ? 1 : piecesOf(value)
    else if (!((value === '|' || value === '&') && BEFORE_A_UNION.has(last))) count += 1
    beforeLast = last
    last = value
  }
  return count
}

const isImport = (beforeLast, last) => last === 'from' || last === 'import' || (beforeLast === 'import' && last === '(')

/**
 * Returns the number of tokens in a string or another text (see `countTokens`), but at least 1. The delimiters of the
 * text, such as quotes, do not count.
 */
function piecesOf(text) {
  const inner = text.replace(/^[`'"}/]/, '').replace(/(?:[`'"]|\$\{)$/, '')
  return Math.max(1, inner.match(/\w{1,16}|[^\s\w]/g)?.length ?? 0)
}
