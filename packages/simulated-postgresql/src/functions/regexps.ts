import { NotSupported, SqlError } from '../sql/error.ts'
import { asNumber, asString } from '../types/definitions.ts'
import { OID } from '../types/oids.ts'
import { SqlArray, type SqlValue } from '../types/value.ts'
import type { Builtin, Builtins } from './builtin.ts'
import { extractPattern } from './patterns.ts'
import type { SetFunction } from './set-function.ts'

/** The groups of a match, or the whole match where there is none. */
function groups(match: RegExpExecArray): SqlArray {
  const parts = match.length > 1 ? match.slice(1) : [match[0]]
  return new SqlArray(
    OID.text,
    parts.map((part) => part ?? null),
  )
}

function first(text: string, regexp: RegExp): RegExpExecArray | null {
  regexp.lastIndex = 0
  return regexp.exec(text)
}

const match: Builtin = ([text, pattern, flags = '']) => {
  const { regexp, global } = extractPattern(asString(pattern), asString(flags))
  if (global) {
    throw new SqlError('22023', 'regexp_match() does not support the "global" option', {
      hint: 'Use the regexp_matches function instead.',
    })
  }
  const found = first(asString(text), regexp)
  return found === null ? null : groups(found)
}

export const regexpMatches: SetFunction = ([text, pattern, flags = '']) => {
  const { regexp, global } = extractPattern(asString(pattern), asString(flags))
  const all = [...asString(text).matchAll(regexp)]
  return (global ? all : all.slice(0, 1)).map((found) => [groups(found)])
}

/** `\1` is a group, `\&` the match, `\\` a backslash. */
function replacement(template: string, found: readonly (string | undefined)[]): string {
  return template.replace(/\\(.?)/gs, (whole, next: string) => {
    if (/[1-9]/.test(next)) return found[Number(next)] ?? ''
    if (next === '&') return found[0] ?? ''
    return next === '\\' ? '\\' : whole
  })
}

function replaceMatches(text: string, pattern: string, template: string, flags: string): string {
  const { regexp, global } = extractPattern(pattern, flags)
  let done = false
  regexp.lastIndex = 0
  return text.replace(regexp, (whole: string, ...rest: unknown[]) => {
    if (done && !global) return whole
    done = true
    const count = rest.findIndex((part) => typeof part === 'number')
    return replacement(template, [whole, ...(rest.slice(0, count) as (string | undefined)[])])
  })
}

const replace: Builtin = ([text, pattern, template, flags = '']) =>
  replaceMatches(asString(text), asString(pattern), asString(template), asString(flags))

const substring: Builtin = ([text, pattern]) => {
  const found = first(asString(text), extractPattern(asString(pattern)).regexp)
  if (found === null) return null
  return (found.length > 1 ? found[1] : found[0]) ?? null
}

/** An empty match at the beginning, the end or right after a match splits nothing. */
function split(text: string, pattern: string, flags: string): readonly string[] {
  const { regexp, global } = extractPattern(pattern, flags)
  if (global) throw new SqlError('22023', 'regexp_split_to_array() does not support the "global" option')
  const parts: string[] = []
  let from = 0
  for (const found of text.matchAll(regexp)) {
    const at = found.index
    const length = found[0].length
    if (length === 0 && (at >= text.length || at === from)) continue
    parts.push(text.slice(from, at))
    from = at + length
  }
  return [...parts, text.slice(from)]
}

const splitToArray: Builtin = ([text, pattern, flags = '']) =>
  new SqlArray(OID.text, [...split(asString(text), asString(pattern), asString(flags))])

export const regexpSplit: SetFunction = ([text, pattern, flags = '']) =>
  split(asString(text), asString(pattern), asString(flags)).map((part): readonly SqlValue[] => [part])

const count: Builtin = ([text, pattern, start = 1, flags = '']) => {
  if (asNumber(start) !== 1) throw new NotSupported('regexp_count from a place')
  return [...asString(text).matchAll(extractPattern(asString(pattern), asString(flags)).regexp)].length
}

export const REGEXPS: Builtins = {
  regexp_match_no_flags: match,
  regexp_match: match,
  textregexreplace_noopt: replace,
  textregexreplace: replace,
  textregexsubstr: substring,
  regexp_substr_no_start: ([text, pattern]) =>
    first(asString(text), extractPattern(asString(pattern)).regexp)?.[0] ?? null,
  regexp_split_to_array_no_flags: splitToArray,
  regexp_split_to_array: splitToArray,
  regexp_count_no_start: count,
  regexp_count_no_flags: count,
  regexp_count: count,
}
