import type { Json } from '@chaosproxy/history'
import type { PassedMessage } from '@chaosproxy/proxy'
import type { Change } from '@chaosproxy/runner/result'

type MessageText = Pick<PassedMessage, 'text' | 'question'>

/**
 * Returns whether a message says that the key has the value: it contains both as whole words, or within one object of
 * JSON. `value only`: the value occurs without a key. `unreadable`: the message is not text.
 */
export function recognise({ text, question }: MessageText, { key, value }: Change): Recognised {
  // Null, booleans and the empty string occur everywhere.
  if (text === undefined || value === null || typeof value === 'boolean' || value === '') return 'unreadable'
  // Most messages are unrelated, and need not be parsed.
  if (SIMPLE.test(wordOf(value)) && !text.includes(wordOf(value))) return 'no'
  const json = jsonIn(text)
  const hasValue = json === undefined ? hasWord(text, wordOf(value)) : holds(json, value)
  if (!hasValue) return 'no'
  if (key === undefined) return 'carries'
  // A key in the path or the query applies to the whole body.
  if (json !== undefined && holds(json, key)) return associates(json, key, value) ? 'carries' : 'value only'
  if (json !== undefined && isNamed(json, key, value)) return 'carries'
  return hasWord(text, key) || (question !== undefined && hasWord(question, key)) ? 'carries' : 'value only'
}

export type Recognised = 'carries' | 'value only' | 'no' | 'unreadable'

/** Text of these characters has the same spelling in every encoding. */
const SIMPLE = /^\w+$/

const wordOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Parses a text as JSON. If the text is not JSON, skips its first line, which may be the path of a request. */
function jsonIn(text: string): Json | undefined {
  for (const part of [text, text.slice(text.indexOf('\n') + 1)]) {
    if (!/^\s*[[{]/.test(part)) continue
    try {
      return JSON.parse(part) as Json
    } catch {
      // The text begins like JSON, but is not JSON.
    }
  }
  return undefined
}

/** Returns whether a text contains a whole word. */
export function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before, after] = [text.slice(0, at), text.slice(at + word.length)]
    if (!ENDS_IN_WORD.test(before) && !BEGINS_WITH_WORD.test(after)) return true
  }
  return false
}

const ENDS_IN_WORD = /[\p{L}\p{N}_.-]$/u
const BEGINS_WITH_WORD = /^(?:[\p{L}\p{N}_-]|\.\d)/u

const childrenOf = (json: Json): readonly Json[] =>
  Array.isArray(json) ? json : typeof json === 'object' && json !== null ? Object.values(json) : []

/** Messages are shallow. */
const DEEPEST = 12

function holds(json: Json, wanted: Json, depth: number = 0): boolean {
  if (JSON.stringify(json) === JSON.stringify(wanted)) return true
  return depth < DEEPEST && childrenOf(json).some((child) => holds(child, wanted, depth + 1))
}

/** Returns whether one object names the key and contains the value. */
function associates(json: Json, key: string, value: Json, depth: number = 0): boolean {
  const children = childrenOf(json)
  const others = children.filter((child) => child !== key)
  if (others.length < children.length && others.some((child) => holds(child, value))) return true
  return depth < DEEPEST && children.some((child) => associates(child, key, value, depth + 1))
}

function isNamed(json: Json, key: string, value: Json, depth: number = 0): boolean {
  if (typeof json !== 'object' || json === null) return false
  if (!Array.isArray(json) && Object.hasOwn(json, key)) {
    const own = (json as { readonly [name: string]: Json })[key]
    if (own !== undefined && holds(own, value)) return true
  }
  return depth < DEEPEST && childrenOf(json).some((child) => isNamed(child, key, value, depth + 1))
}
