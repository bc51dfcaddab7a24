import type { Json } from '@chaosproxy/history'

/** The values for the names in braces. */
export interface SentWords {
  readonly key: string
  readonly value: Json
  readonly session: string
  readonly requestId: string
}

const WORD = /\{(key|value|session|requestId)\}/g

/** Fills in a template. A text that is exactly `{value}` becomes the value itself, of any type. */
export function fillSent(template: Json, words: SentWords): Json {
  if (typeof template === 'string') {
    if (template === '{value}') return words.value
    return template.replaceAll(WORD, (_, name: keyof SentWords) => textOf(words[name]))
  }
  if (Array.isArray(template)) return template.map((item: Json) => fillSent(item, words))
  if (template === null || typeof template !== 'object') return template
  return Object.fromEntries(Object.entries(template).map(([name, member]) => [name, fillSent(member as Json, words)]))
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
