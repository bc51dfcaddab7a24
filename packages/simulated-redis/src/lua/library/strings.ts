import { fail, refuse } from '../errors.ts'
import { toText } from '../numbers.ts'
import { callable, index, stringMethods } from '../operators.ts'
import { Matching } from '../patterns.ts'
import { LuaTable } from '../table.ts'
import { isTrue, type LuaValue, NO_RESULTS, typeName } from '../values.ts'
import { type Arguments, libraryTable, named } from './arguments.ts'
import { format } from './format.ts'

const MOST_BYTES = 64 * 1024 * 1024
const SPECIALS = /[\^$*+?.()[\]%-]/

/** Returns a position counted from 1. A negative position counts from the end. */
const placeOf = (at: number, length: number): number => Math.max(0, at < 0 ? at + length + 1 : at)

function sub(args: Arguments): string {
  const text = args.text(0)
  const [start, end] = [placeOf(args.integer(1), text.length), placeOf(args.integerOr(2, -1), text.length)]
  return text.slice(Math.max(0, start - 1), end)
}

function bytes(args: Arguments): readonly LuaValue[] {
  const text = args.text(0)
  const from = placeOf(args.integerOr(1, 1), text.length)
  const start = Math.max(1, from)
  const end = Math.min(placeOf(args.integerOr(2, from), text.length), text.length)
  return Array.from(text.slice(start - 1, Math.max(start - 1, end)), (character) => character.charCodeAt(0))
}

function characters(args: Arguments): string {
  const codes = args.values.map((_, i) => {
    const code = args.integer(i)
    if (code < 0 || code > 255) args.bad(i, 'invalid value')
    return code
  })
  return String.fromCharCode(...codes)
}

function repeat(args: Arguments): string {
  const [text, count] = [args.text(0), Math.max(0, args.integer(1))]
  if (text.length * count > MOST_BYTES) refuse('string.rep', 'makes a text of more than 64 MB')
  return text.repeat(count)
}

/** Returns the first match of a pattern, for `find` and `match`. */
function search(args: Arguments, kind: 'find' | 'match'): readonly LuaValue[] {
  const [text, pattern] = [args.text(0), args.text(1)]
  const from = args.integerOr(2, 1)
  const first = Math.min(text.length, Math.max(0, (from < 0 ? from + text.length + 1 : from) - 1))
  if (kind === 'find' && (isTrue(args.values[3]) || !SPECIALS.test(pattern))) {
    const at = text.indexOf(pattern, first)
    return at < 0 ? [undefined] : [at + 1, at + pattern.length]
  }
  const isAnchored = pattern.startsWith('^')
  const matching = new Matching(text, pattern)
  for (let start = first; start <= text.length; start++) {
    const end = matching.at(start, isAnchored ? 1 : 0)
    if (end !== undefined)
      return kind === 'find' ? [start + 1, end, ...matching.ownCaptures()] : matching.captures(start, end)
    if (isAnchored) break
  }
  return [undefined]
}

function everyMatch(args: Arguments): LuaValue {
  const [text, pattern] = [args.text(0), args.text(1)]
  const matching = new Matching(text, pattern)
  let next = 0
  return () => {
    for (let start = next; start <= text.length; start++) {
      const end = matching.at(start, 0)
      if (end === undefined) continue
      next = end === start ? end + 1 : end
      return matching.captures(start, end)
    }
    next = text.length + 1
    return NO_RESULTS
  }
}

function replacement(args: Arguments): (matching: Matching, start: number, end: number, whole: string) => LuaValue {
  const value = args.values[2]
  if (typeof value === 'function') return (matching, start, end) => callable(value)(...matching.captures(start, end))[0]
  if (value instanceof LuaTable) return (matching, start, end) => index(value, matching.capture(0, start, end))
  const text = toText(value)
  if (text === undefined) return args.bad(2, 'string/function/table expected')
  return (matching, start, end, whole) =>
    text.replaceAll(/%(.)/gs, (_, escaped: string) => {
      if (!/\d/.test(escaped)) return escaped
      if (escaped === '0') return whole
      return toText(matching.capture(Number(escaped) - 1, start, end)) ?? ''
    })
}

function substitute(args: Arguments): readonly LuaValue[] {
  const [text, pattern] = [args.text(0), args.text(1)]
  const replace = replacement(args)
  const most = args.integerOr(3, text.length + 1)
  const isAnchored = pattern.startsWith('^')
  const matching = new Matching(text, pattern)
  let [result, at, count] = ['', 0, 0]
  while (count < most) {
    const end = matching.at(at, isAnchored ? 1 : 0)
    if (end !== undefined) {
      count++
      const whole = text.slice(at, end)
      result += replaced(whole, replace(matching, at, end, whole))
    }
    if (end !== undefined && end > at) at = end
    else if (at < text.length) {
      result += text.charAt(at)
      at++
    } else break
    if (isAnchored) break
  }
  return [result + text.slice(at), count]
}

/** Returns the replacement of a match. If the value is nil or false, this is the match itself. */
function replaced(whole: string, value: LuaValue): string {
  if (!isTrue(value)) return whole
  return toText(value) ?? fail(`invalid replacement value (a ${typeName(value)})`)
}

export const stringLibrary: LuaTable = libraryTable(
  named(
    {
      len: (args) => args.text(0).length,
      sub,
      char: characters,
      rep: repeat,
      lower: (args) => args.text(0).replaceAll(/[A-Z]+/g, (found) => found.toLowerCase()),
      upper: (args) => args.text(0).replaceAll(/[a-z]+/g, (found) => found.toUpperCase()),
      reverse: (args) => [...args.text(0)].reverse().join(''),
      format,
      gmatch: everyMatch,
      gfind: everyMatch,
      dump: () => refuse('string.dump'),
    },
    {
      byte: bytes,
      find: (args) => search(args, 'find'),
      match: (args) => search(args, 'match'),
      gsub: substitute,
    },
  ),
)

stringMethods.table = stringLibrary
