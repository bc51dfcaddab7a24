import type { Json } from '../event/event.ts'
import { canonical } from '../tables/value.ts'
import { exactNumber, exactRatio } from './exact-number.ts'

// EDN has values that JSON lacks: the keyword `:a` differs from the text "a", and the set `#{1}` from the vector `[1]`.
// In JSON a keyword is a text in EDN notation, and a set is an object with one member.

const SET = '#{}'
const KEYWORD = /^:[^\s,;"()[\]{}]+$/
const SYMBOL = /^'(?!(?:nil|true|false)$)[A-Za-z*!_?$%&=<>][\w*!?$%&=<>./'-]*$/
const CHARACTER = /^\\[!-~]$/
const SPECIAL_FLOAT = /^##[A-Za-z]+$/
const LARGE_INTEGER = /^-?[1-9]\d{15,}N$/
const RATIO = /^-?[1-9]\d*\/[1-9]\d*$/
const DECIMAL = /^-?[1-9]\d*e-?[1-9]\d*$/

export const keyword = (name: string): string => `:${name}`
export const symbol = (name: string): string => `'${name}`
export const characterText = (name: string): string => `\\${name}`

/** Quotes a text that looks like another kind of value. */
export const plainText = (text: string): string => (looksLikeAnother(text) ? JSON.stringify(text) : text)

/** Returns the EDN token that a JSON string represents; undefined if the string is plain text. */
export function atomOf(text: string): string | undefined {
  if (KEYWORD.test(text) || CHARACTER.test(text)) return text
  if (SYMBOL.test(text)) return text.slice(1)
  if (SPECIAL_FLOAT.test(text)) return text
  if (LARGE_INTEGER.test(text) && exactNumber(text.slice(0, -1)) === text) return text
  if (RATIO.test(text) && exactRatio(text) === text) return text
  if (DECIMAL.test(text) && exactNumber(text) === text) return `${text}M`
  return isQuoted(text) ? text : undefined
}

const looksLikeAnother = (text: string): boolean => atomOf(text) !== undefined

/** Reports whether `text` is a string that `plainText` put in quotes. */
function isQuoted(text: string): boolean {
  if (!text.startsWith('"') || text.length < 4) return false
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' && JSON.stringify(value) === text && looksLikeAnother(value)
  } catch {
    return false
  }
}

/** The name of a keyword or symbol; any other text unchanged. */
export function nameOf(text: string): string {
  if (KEYWORD.test(text) || SYMBOL.test(text)) return text.slice(1)
  return isQuoted(text) ? (JSON.parse(text) as string) : text
}

/** A set in JSON, with its elements in normal order: numbers first, then all others by canonical text. */
export function setOf(items: readonly Json[]): Json {
  const sorted = items
    .map((item) => ({ item, text: canonical(item) }))
    .sort((a, b) => {
      if (typeof a.item === 'number' && typeof b.item === 'number') return a.item - b.item
      if (typeof a.item === 'number' || typeof b.item === 'number') return typeof a.item === 'number' ? -1 : 1
      return a.text < b.text ? -1 : a.text > b.text ? 1 : 0
    })
  return { [SET]: sorted.map(({ item }) => item) }
}

/** The elements of a list or set; undefined for anything else. */
export function elementsOf(value: Json): readonly Json[] | undefined {
  if (Array.isArray(value)) return value
  if (value === null || typeof value !== 'object') return undefined
  const members = Object.entries(value)
  const [name, elements] = members[0] ?? []
  return members.length === 1 && name === SET && Array.isArray(elements) ? elements : undefined
}

/** Returns a value as JSON for display, with sets as in EDN: `#{1 2}`. */
export function displayText(value: Json): string {
  const text = JSON.stringify(value)
  return text.includes(SET_MEMBER) ? withSets(value) : text
}

const SET_MEMBER = `${JSON.stringify(SET)}:`

function withSets(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(withSets).join(',')}]`
  const elements = elementsOf(value)
  if (elements !== undefined) return `#{${elements.map(withSets).join(' ')}}`
  const members = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}:${withSets(each as Json)}`)
  return `{${members.join(',')}}`
}
