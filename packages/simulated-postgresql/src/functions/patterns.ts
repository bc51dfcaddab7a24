import { NotSupported, SqlError } from '../sql/error.ts'
import { asString } from '../types/definitions.ts'
import type { Builtin, Builtins } from './builtin.ts'

const CACHED = 500
const likes = new Map<string, RegExp>()

function cached(key: string, make: () => RegExp): RegExp {
  const known = likes.get(key)
  if (known !== undefined) return known
  if (likes.size >= CACHED) likes.clear()
  const made = make()
  likes.set(key, made)
  return made
}

/** LIKE: `%` any text, `_` one character, a backslash takes the next one literally. */
function likePattern(pattern: string, fold: boolean): RegExp {
  return cached(`${fold ? 'i' : 'l'}${pattern}`, () => {
    let source = ''
    const all = Array.from(pattern)
    for (let i = 0; i < all.length; i += 1) {
      const character = all[i] ?? ''
      if (character === '%') source += '.*'
      else if (character === '_') source += '.'
      else if (character === '\\') {
        i += 1
        if (i >= all.length) throw new SqlError('22025', 'LIKE pattern must not end with escape character')
        source += quoted(all[i] ?? '')
      } else source += quoted(character)
    }
    return new RegExp(`^${source}$`, fold ? 'sui' : 'su')
  })
}

function quoted(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

function like(fold: boolean, wanted: boolean): Builtin {
  return ([text, pattern]) => likePattern(asString(pattern), fold).test(asString(text)) === wanted
}

/** Rewrites a pattern so that the backslash escapes, whatever the ESCAPE character is. */
function likeEscape(pattern: string, escapeCharacter: string): string {
  if (Array.from(escapeCharacter).length > 1) {
    throw new SqlError('22025', 'invalid escape string', { hint: 'Escape string must be empty or one character.' })
  }
  if (escapeCharacter === '\\') return pattern
  let result = ''
  const all = Array.from(pattern)
  for (let i = 0; i < all.length; i += 1) {
    const character = all[i] ?? ''
    if (character === escapeCharacter && escapeCharacter !== '') {
      i += 1
      result += `\\${all[i] ?? ''}`
    } else result += character === '\\' ? '\\\\' : character
  }
  return result
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '\\d',
  alnum: '\\p{L}\\d',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '\\da-fA-F',
  blank: ' \\t',
  word: '\\p{L}\\d_',
}

/** Escapes of advanced regular expressions that JavaScript spells differently. */
const ESCAPES: Readonly<Record<string, string>> = {
  m: '(?<!\\w)(?=\\w)',
  M: '(?<=\\w)(?!\\w)',
  y: '\\b',
  Y: '\\B',
  A: '(?<![\\s\\S])',
  Z: '(?![\\s\\S])',
}

/** An advanced regular expression of PostgreSQL as one of JavaScript. */
function translate(pattern: string): string {
  if (pattern.startsWith('***')) throw new NotSupported('a regular expression that begins with ***')
  let source = ''
  for (let i = 0; i < pattern.length; i += 1) {
    const character = pattern[i] ?? ''
    if (character === '\\') {
      const [text, length] = translateEscape(pattern, i, false)
      source += text
      i += length - 1
    } else if (character === '[') {
      const end = bracketEnd(pattern, i)
      source += translateBracket(pattern.slice(i + 1, end))
      i = end
    } else if (character === '{' && !/^\{\d+(,\d*)?\}/.test(pattern.slice(i))) {
      throw /^\{\d/.test(pattern.slice(i))
        ? invalid('invalid repetition count(s)')
        : new NotSupported(`the regular expression '${pattern}'`)
    } else if (character === ']' || character === '}') {
      source += character === '}' && /\{\d+(,\d*)?$/.test(source) ? '}' : `\\${character}`
    } else source += character
  }
  return source
}

function translateEscape(pattern: string, at: number, inside: boolean): readonly [string, number] {
  const next = pattern[at + 1]
  if (next === undefined) throw invalid('invalid escape \\ sequence')
  const special = inside ? undefined : ESCAPES[next]
  if (special !== undefined) return [special, 2]
  if (/[dDsSwW]/.test(next)) return [`\\${next}`, 2]
  if (/[fnrtv]/.test(next)) return [`\\${next}`, 2]
  if (/[1-9]/.test(next) && !inside) return [`\\${next}`, 2]
  if (next === 'u' && /^[\da-fA-F]{4}/.test(pattern.slice(at + 2))) return [pattern.slice(at, at + 6), 6]
  if (/[a-zA-Z\d]/.test(next)) throw new NotSupported(`\\${next} in a regular expression`)
  return [/[\^$.*+?()[\]{}|/\\-]/.test(next) ? `\\${next}` : next, 2]
}

/** The place of the `]` that ends a bracket expression. */
function bracketEnd(pattern: string, at: number): number {
  let i = at + 1
  if (pattern[i] === '^') i += 1
  if (pattern[i] === ']') i += 1
  for (; i < pattern.length; i += 1) {
    if (pattern[i] === '\\') i += 1
    else if (pattern[i] === '[' && /[:.=]/.test(pattern[i + 1] ?? '')) {
      const end = pattern.indexOf(`${pattern[i + 1]}]`, i + 2)
      if (end < 0) break
      i = end + 1
    } else if (pattern[i] === ']') return i
  }
  throw invalid('brackets [] not balanced')
}

function translateBracket(body: string): string {
  const negated = body.startsWith('^')
  let source = ''
  for (let i = negated ? 1 : 0; i < body.length; i += 1) {
    const character = body[i] ?? ''
    if (character === '[' && body[i + 1] === ':') {
      const end = body.indexOf(':]', i)
      const name = CLASSES[body.slice(i + 2, end)]
      if (name === undefined) throw invalid('invalid character class')
      source += name
      i = end + 1
    } else if (character === '[' && /[.=]/.test(body[i + 1] ?? '')) {
      throw new NotSupported(`[${body}] in a regular expression`)
    } else if (character === '\\') {
      const [text, length] = translateEscape(body, i, true)
      source += text
      i += length - 1
    } else source += /[[\]^/]/.test(character) ? `\\${character}` : character
  }
  return `[${negated ? '^' : ''}${source}]`
}

function invalid(what: string): SqlError {
  return new SqlError('2201B', `invalid regular expression: ${what}`)
}

/** Flags of regexp_match and its like, as JavaScript's. */
function flagsOf(flags: string): { readonly js: string; readonly global: boolean } {
  let [fold, newline, global] = [false, false, false]
  for (const flag of flags) {
    if (flag === 'i') fold = true
    else if (flag === 'c') fold = false
    else if (flag === 'g') global = true
    else if (flag === 's') newline = false
    else if (flag === 'n' || flag === 'm') newline = true
    else if ('xpwqbet'.includes(flag)) throw new NotSupported(`the flag ${flag} of a regular expression`)
    else throw new SqlError('22023', `invalid regular expression option: "${flag}"`)
  }
  return { js: `u${newline ? 'm' : 's'}${fold ? 'i' : ''}`, global }
}

/** A regular expression of which only is asked whether it matches. */
function testPattern(pattern: string, flags = ''): RegExp {
  const { js } = flagsOf(flags)
  return cached(`r${js} ${pattern}`, () => {
    const embedded = /^\(\?([a-z]+)\)/.exec(pattern)
    const rest = embedded === null ? pattern : pattern.slice(embedded[0].length)
    const options = embedded === null ? js : flagsOf(embedded[1] ?? '').js
    try {
      return new RegExp(translate(rest), options)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      throw invalidSyntax(pattern)
    }
  })
}

function invalidSyntax(pattern: string): SqlError | NotSupported {
  const plain = pattern.replace(/\\./g, '').replace(/\[[^\]]*\]/g, '')
  const open = plain.split('(').length
  const close = plain.split(')').length
  if (open !== close) return invalid('parentheses () not balanced')
  if (/(^|[(|])[*+?]/.test(plain) || /[*+?][*+]/.test(plain)) return invalid('quantifier operand invalid')
  return new NotSupported(`the regular expression '${pattern}'`)
}

/**
 * A regular expression of which the matched text is used. PostgreSQL takes the longest of alternatives where JavaScript
 * takes the first, and lets the first quantifier decide for all: expressions where that could matter are refused.
 */
export function extractPattern(pattern: string, flags = ''): { readonly regexp: RegExp; readonly global: boolean } {
  const bare = pattern.replace(/\\./g, '\\').replace(/\[\^?\]?[^\]]*\]/g, '[]')
  if (bare.includes('|') && !simpleAlternation(bare)) {
    throw new NotSupported(`the text matched by a regular expression with | ('${pattern}')`)
  }
  const lazy = /[*+?}]\?/.test(bare)
  if (lazy && /([*+?]|\})(?![?*+])/.test(bare.replace(/([*+?]|\})\?/g, ''))) {
    throw new NotSupported(`a regular expression with greedy and non-greedy quantifiers ('${pattern}')`)
  }
  const { js, global } = flagsOf(flags)
  const test = testPattern(pattern, flags.replaceAll('g', ''))
  return { regexp: cached(`g${js} ${pattern}`, () => new RegExp(test.source, `${test.flags}g`)), global }
}

/** Alternatives of which none is the beginning of another: the first to match is the only one. */
function simpleAlternation(bare: string): boolean {
  const plain = bare.replace(/^\(\?:/, '(').replace(/^\((.*)\)[+*?]?$/s, '$1')
  const parts = plain.split('|')
  if (!parts.every((part) => /^(\[\]|[\w\s,;:@#%&=<>!"'~`/-]|\\)+$/.test(part))) return false
  if (parts.every((part) => part === '[]' || part.length === 1)) return true
  return (
    parts.every((part) => /^[\w\s-]+$/.test(part)) &&
    !parts.some((a, i) => parts.some((b, j) => i !== j && b.startsWith(a)))
  )
}

function matches(fold: boolean, wanted: boolean): Builtin {
  return ([text, pattern]) => testPattern(asString(pattern), fold ? 'i' : '').test(asString(text)) === wanted
}

/** SIMILAR TO, as a regular expression. */
function similarPattern(pattern: string, escapeCharacter: string): string {
  let source = ''
  const all = Array.from(pattern)
  for (let i = 0; i < all.length; i += 1) {
    const character = all[i] ?? ''
    if (character === escapeCharacter) {
      i += 1
      source += `\\${all[i] ?? ''}`
    } else if (character === '%') source += '.*'
    else if (character === '_') source += '.'
    else if (character === '[') throw new NotSupported('[ in SIMILAR TO')
    else source += /[\\.^$]/.test(character) ? `\\${character}` : character
  }
  return `^(?:${source})$`
}

export const PATTERNS: Builtins = {
  textlike: like(false, true),
  textnlike: like(false, false),
  texticlike: like(true, true),
  texticnlike: like(true, false),
  namelike: like(false, true),
  namenlike: like(false, false),
  nameiclike: like(true, true),
  nameicnlike: like(true, false),
  like_escape: ([pattern, escapeCharacter]) => likeEscape(asString(pattern), asString(escapeCharacter)),
  textregexeq: matches(false, true),
  textregexne: matches(false, false),
  texticregexeq: matches(true, true),
  texticregexne: matches(true, false),
  nameregexeq: matches(false, true),
  nameregexne: matches(false, false),
  nameicregexeq: matches(true, true),
  nameicregexne: matches(true, false),
  similar_to_escape_1: ([pattern]) => similarPattern(asString(pattern), '\\'),
  similar_to_escape_2: ([pattern, escapeCharacter]) => similarPattern(asString(pattern), asString(escapeCharacter)),
  regexp_like_no_flags: ([text, pattern]) => testPattern(asString(pattern)).test(asString(text)),
  regexp_like: ([text, pattern, flags]) => testPattern(asString(pattern), asString(flags)).test(asString(text)),
}
