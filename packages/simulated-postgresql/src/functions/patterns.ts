import { SqlError } from '../sql/error.ts'
import { NotComputed } from '../types/calculator.ts'
import { asString } from '../types/definitions.ts'
import { lowerText } from '../types/text.ts'
import type { Builtin, Builtins } from './builtin.ts'
import { upperText } from './text.ts'

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

/** Translates a LIKE pattern, in which a backslash escapes. */
function likePattern(pattern: string): RegExp {
  return cached(`l${pattern}`, () => {
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
    return new RegExp(`^${source}$`, 'su')
  })
}

function quoted(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

function like(fold: boolean, wanted: boolean): Builtin {
  const folded = fold ? lowerText : (text: string) => text
  return ([text, pattern]) => likePattern(folded(asString(pattern))).test(folded(asString(text))) === wanted
}

/** Replaces the ESCAPE character of a pattern by a backslash. */
function likeEscape(pattern: string, escapeCharacter: string): string {
  if (Array.from(escapeCharacter).length > 1) {
    throw new SqlError('22025', 'invalid escape string', { hint: 'Escape string must be empty or one character.' })
  }
  if (escapeCharacter === '\\') return pattern
  let result = ''
  let escapes = false
  for (const character of pattern) {
    const begins: boolean = !escapes && character === escapeCharacter
    result += begins ? '\\' : !escapes && character === '\\' ? '\\\\' : character
    escapes = begins
  }
  return result
}

const ALNUM = '\\p{L}\\p{Nd}\\p{Nl}'
/**
 * White space except non-breaking spaces, for use between the brackets of a character class. It begins and ends with
 * `\p{…}`, so that a hyphen before or after it does not form a range with its first or last character.
 */
const SPACE = '\\p{Zl} \\t\\n\\v\\f\\r\\u0085\\u2000-\\u2006\\u2008-\\u200a\\u205f\\u3000\\p{Zp}'

const CLASSES: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '\\d',
  alnum: ALNUM,
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: SPACE,
  // These escapes mean something else in JavaScript than in PostgreSQL.
  '\\w': `\\p{L}_${ALNUM}`,
  '\\s': SPACE,
}

/** Matches a part of a pattern that means the same in PostgreSQL and in JavaScript. */
const PART =
  /\[(?!\^\])(\^?)((?:\[:[a-z]+:\]|\\[dswnrt\\\]^.-]|[^\]\\[])+)\]|\{\d{1,2}(?:,\d{0,2})?\}|\\[dDsSwWnrt^$.*+?()[\]{}|/\\-]|[^[\]{}\\]/gsuy

function translate(pattern: string): string {
  const left = (): NotComputed => new NotComputed(`the regular expression '${pattern}'`)
  if (/^\*\*\*|\(\?[^:=!]/.test(pattern)) throw left()
  let source = ''
  PART.lastIndex = 0
  while (PART.lastIndex < pattern.length) {
    const [whole, negation = '', bracket] = PART.exec(pattern) ?? []
    if (whole === undefined) throw left()
    if (bracket !== undefined) source += `[${negation}${classes(bracket, left)}]`
    else if (!/^\\[ws]$/i.test(whole)) source += whole.replace('\\-', '-')
    else source += `[${whole < '\\a' ? '^' : ''}${CLASSES[whole.toLowerCase()]}]`
  }
  return source
}

const classes = (bracket: string, left: () => NotComputed): string =>
  bracket.replace(/\[:([a-z]+):\]|\\./gsu, (whole, name?: string) => {
    const found = name === undefined ? (CLASSES[whole] ?? whole) : CLASSES[name]
    if (found === undefined) throw left()
    return found
  })

function flagsOf(flags: string): { readonly js: string; readonly global: boolean } {
  if (!/^[ig]*$/.test(flags)) throw new NotComputed(`the flags ${flags} of a regular expression`)
  return { js: flags.includes('i') ? 'sui' : 'su', global: flags.includes('g') }
}

function testPattern(pattern: string, flags: string): RegExp {
  const { js } = flagsOf(flags)
  return cached(`r${js} ${pattern}`, () => {
    try {
      return new RegExp(translate(pattern), js)
    } catch (error) {
      if (error instanceof SyntaxError) throw new NotComputed(`the regular expression '${pattern}'`)
      throw error
    }
  })
}

/**
 * Translates a regular expression whose matched text is used. PostgreSQL matches the longest alternative, JavaScript
 * the first one; in PostgreSQL, the first quantifier decides whether the whole expression is greedy. Throws NotComputed
 * where this may matter.
 */
function extractPattern(pattern: string, flags: string): RegExp {
  const bare = pattern.replace(/\\./g, '').replace(/\[\^?\]?[^\]]*\]/g, '')
  // If a quantifier precedes a repeated group, the quantifier may consume text that the group would otherwise match.
  const quantifiers = bare.replace(/\(\?/g, '(').match(/[*+?{]/g) ?? []
  if (bare.includes('|') || /[*+?}]\?/.test(bare) || (/\)[*+?{]/.test(bare) && quantifiers.length > 1))
    throw new NotComputed(`the text that the regular expression '${pattern}' matches`)
  const { js, global } = flagsOf(flags)
  const { source } = testPattern(pattern, flags)
  return global ? cached(`g${js} ${pattern}`, () => new RegExp(source, `${js}g`)) : testPattern(pattern, flags)
}

/** Replaces matches. In the template, `\1` refers to a group, `\&` to the match. */
const replace: Builtin = ([text, pattern, template, flags = '']) => {
  const templateText = asString(template)
  if (asString(flags).includes('i')) checkFolds(asString(text) + asString(pattern))
  return asString(text).replace(extractPattern(asString(pattern), asString(flags)), (...found: unknown[]) => {
    const groups = found.slice(
      0,
      found.findIndex((part) => typeof part === 'number'),
    )
    return templateText.replace(/\\([1-9&\\])/g, (_, next: string) =>
      next === '\\' ? '\\' : String(groups[next === '&' ? 0 : Number(next)] ?? ''),
    )
  })
}

/** Refuses texts for which case-insensitive matching differs: JavaScript also matches `ſ` with `s`. */
function checkFolds(text: string): void {
  const isOdd = (character: string): boolean =>
    upperText(lowerText(character)) !== upperText(character) || lowerText(upperText(character)) !== lowerText(character)
  const odd = Array.from(text).find(isOdd)
  if (odd !== undefined) throw new NotComputed(`case-insensitive matching of '${odd}' in a regular expression`)
}

function matches(fold: boolean, wanted: boolean): Builtin {
  return ([text, pattern]) => {
    if (fold) checkFolds(asString(text) + asString(pattern))
    return testPattern(asString(pattern), fold ? 'i' : '').test(asString(text)) === wanted
  }
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
  textregexreplace_noopt: replace,
  textregexreplace: replace,
}
