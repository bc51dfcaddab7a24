import { fail, refuse } from './errors.ts'
import type { LuaValue } from './values.ts'

const MOST_CAPTURES = 32
const MOST_STEPS = 5_000_000
/** The deepest recursion. */
const MOST_DEPTH = 3_000

type Size = number | 'open' | 'position'

/** A search for a Lua 5.1 pattern in a text (lstrlib.c); positions count from 0. */
export class Matching {
  readonly #text: string
  readonly #pattern: string
  #captures: { readonly start: number; size: Size }[] = []
  #steps = 0
  #depth = 0

  constructor(text: string, pattern: string) {
    this.#text = text
    // A zero byte ends a pattern.
    const end = pattern.indexOf('\0')
    this.#pattern = end < 0 ? pattern : pattern.slice(0, end)
  }

  /** Returns the end of a match that begins at `start`. */
  at(start: number, patternStart: number): number | undefined {
    this.#captures = []
    this.#depth = 0
    return this.#match(start, patternStart)
  }

  /** Returns the captures of the last match, or the whole match if the pattern has none. */
  captures(start: number, end: number): readonly LuaValue[] {
    const count = Math.max(1, this.#captures.length)
    return Array.from({ length: count }, (_, i) => this.capture(i, start, end))
  }

  /** Returns only the captures that the pattern defines. */
  ownCaptures(): readonly LuaValue[] {
    return this.#captures.map((_, i) => this.capture(i, 0, 0))
  }

  capture(i: number, start: number, end: number): LuaValue {
    const capture = this.#captures[i]
    if (capture === undefined) return i === 0 ? this.#text.slice(start, end) : fail('invalid capture index')
    const { start: from, size } = capture
    if (size === 'open') return fail('unfinished capture')
    return size === 'position' ? from + 1 : this.#text.slice(from, from + size)
  }

  #match(start: number, patternStart: number): number | undefined {
    this.#steps++
    this.#depth++
    if (this.#steps > MOST_STEPS || this.#depth > MOST_DEPTH)
      refuse(`the pattern ${this.#pattern}`, 'takes too many steps to match')
    const end = this.#walk(start, patternStart)
    this.#depth--
    return end
  }

  #walk(start: number, patternStart: number): number | undefined {
    const [text, pattern] = [this.#text, this.#pattern]
    let [at, p] = [start, patternStart]
    for (;;) {
      if (p >= pattern.length) return at
      const character = pattern[p]
      if (character === '(') {
        const isPosition = pattern[p + 1] === ')'
        return this.#open(at, p + (isPosition ? 2 : 1), isPosition ? 'position' : 'open')
      }
      if (character === ')') return this.#close(at, p + 1)
      if (character === '$' && p + 1 === pattern.length) return at === text.length ? at : undefined
      if (character === '%') {
        const moved = this.#special(at, p)
        if (moved === 'none') return undefined
        if (moved !== undefined) {
          ;[at, p] = moved
          continue
        }
      }
      const end = this.#classEnd(p)
      const repeat = pattern[end]
      if (repeat === '?') {
        if (this.#isSingle(at, p, end)) {
          const found = this.#match(at + 1, end + 1)
          if (found !== undefined) return found
        }
        p = end + 1
      } else if (repeat === '*') return this.#longest(at, p, end)
      else if (repeat === '+') return this.#isSingle(at, p, end) ? this.#longest(at + 1, p, end) : undefined
      else if (repeat === '-') return this.#shortest(at, p, end)
      else {
        if (!this.#isSingle(at, p, end)) return undefined
        at++
        p = end
      }
    }
  }

  /** Matches `%b`, `%f` or `%1`. Returns `none` without a match; undefined for another escape. */
  #special(at: number, p: number): readonly [at: number, p: number] | 'none' | undefined {
    const [text, pattern] = [this.#text, this.#pattern]
    const kind = pattern[p + 1] ?? ''
    if (kind === 'b') {
      const end = this.#balanced(at, p + 2)
      return end === undefined ? 'none' : [end, p + 4]
    }
    if (kind === 'f') {
      if (pattern[p + 2] !== '[') fail("missing '[' after '%f' in pattern")
      const end = this.#classEnd(p + 2)
      const before = at === 0 ? 0 : text.charCodeAt(at - 1)
      const after = at < text.length ? text.charCodeAt(at) : 0
      const isFrontier = !this.#isInSet(before, p + 2, end - 1) && this.#isInSet(after, p + 2, end - 1)
      return isFrontier ? [at, end] : 'none'
    }
    if (!/\d/.test(kind)) return undefined
    const i = Number(kind) - 1
    const capture = this.#captures[i]
    if (capture === undefined || capture.size === 'open') return fail('invalid capture index')
    const size = capture.size === 'position' ? 0 : capture.size
    const again = text.slice(capture.start, capture.start + size)
    return text.startsWith(again, at) ? [at + size, p + 2] : 'none'
  }

  #balanced(at: number, p: number): number | undefined {
    const [text, pattern] = [this.#text, this.#pattern]
    if (p + 1 >= pattern.length) fail('unbalanced pattern')
    const [opens, closes] = [pattern[p], pattern[p + 1]]
    if (text[at] !== opens) return undefined
    let depth = 1
    for (let i = at + 1; i < text.length; i++) {
      if (text[i] === closes) {
        depth--
        if (depth === 0) return i + 1
      } else if (text[i] === opens) depth++
    }
    return undefined
  }

  #open(at: number, p: number, size: Size): number | undefined {
    if (this.#captures.length >= MOST_CAPTURES) fail('too many captures')
    this.#captures.push({ start: at, size })
    const end = this.#match(at, p)
    if (end === undefined) this.#captures.pop()
    return end
  }

  #close(at: number, p: number): number | undefined {
    const capture = this.#captures.findLast(({ size }) => size === 'open')
    if (capture === undefined) return fail('invalid pattern capture')
    capture.size = at - capture.start
    const end = this.#match(at, p)
    if (end === undefined) capture.size = 'open'
    return end
  }

  #longest(at: number, p: number, end: number): number | undefined {
    let count = 0
    while (this.#isSingle(at + count, p, end)) count++
    for (; count >= 0; count--) {
      const found = this.#match(at + count, end + 1)
      if (found !== undefined) return found
    }
    return undefined
  }

  #shortest(from: number, p: number, end: number): number | undefined {
    for (let at = from; ; at++) {
      const found = this.#match(at, end + 1)
      if (found !== undefined) return found
      if (!this.#isSingle(at, p, end)) return undefined
    }
  }

  #classEnd(p: number): number {
    const pattern = this.#pattern
    if (pattern[p] === '%') {
      if (p + 1 >= pattern.length) fail("malformed pattern (ends with '%')")
      return p + 2
    }
    if (pattern[p] !== '[') return p + 1
    let i = p + 1
    if (pattern[i] === '^') i++
    do {
      if (i >= pattern.length) fail("malformed pattern (missing ']')")
      const isEscape = pattern[i] === '%'
      i++
      if (isEscape && i < pattern.length) i++
    } while (pattern[i] !== ']')
    return i + 1
  }

  #isSingle(at: number, p: number, end: number): boolean {
    if (at >= this.#text.length) return false
    const byte = this.#text.charCodeAt(at)
    const character = this.#pattern[p]
    if (character === '.') return true
    if (character === '%') return isInClass(byte, this.#pattern.charAt(p + 1))
    if (character === '[') return this.#isInSet(byte, p, end - 1)
    return this.#pattern.charCodeAt(p) === byte
  }

  #isInSet(byte: number, p: number, last: number): boolean {
    const pattern = this.#pattern
    const isNegated = pattern[p + 1] === '^'
    let i = p + (isNegated ? 2 : 1)
    for (; i < last; i++) {
      if (pattern[i] === '%') {
        i++
        if (isInClass(byte, pattern.charAt(i))) return !isNegated
      } else if (pattern[i + 1] === '-' && i + 2 < last) {
        i += 2
        if (pattern.charCodeAt(i - 2) <= byte && byte <= pattern.charCodeAt(i)) return !isNegated
      } else if (pattern.charCodeAt(i) === byte) return !isNegated
    }
    return isNegated
  }
}

const CLASSES: { readonly [letter: string]: RegExp } = {
  a: /[a-zA-Z]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what %c stands for.
  c: /[\0-\x1f\x7f]/,
  d: /\d/,
  l: /[a-z]/,
  p: /[!-/:-@[-`{-~]/,
  s: /[ \t-\r]/,
  u: /[A-Z]/,
  w: /[a-zA-Z0-9]/,
  x: /[\da-fA-F]/,
  z: /\0/,
}

function isInClass(byte: number, letter: string): boolean {
  const lower = letter.toLowerCase()
  const found = CLASSES[lower]
  if (found === undefined) return letter.charCodeAt(0) === byte
  return found.test(String.fromCharCode(byte)) === (letter === lower)
}
