import type { Input, Json } from '@chaosproxy/history'
import type { Returned } from './answers.ts'

/** `write order "sent"`, `cas balance 10→0`, `read balance`. */
export function requestWords({ f, key, value }: Input): string {
  const name = key === undefined ? f : `${f} ${key}`
  if (f === 'cas' && Array.isArray(value)) return `${name} ${value.map((part) => valueWords(part ?? null)).join('→')}`
  return value === null ? name : `${name} ${valueWords(value)}`
}

/** `60`, `ok`, `refused`, `no answer`. */
export function answerWords({ value: asked }: Input, { type, value }: Pick<Returned, 'type' | 'value'>): string {
  if (type === 'fail') return 'refused'
  if (type === 'info') return 'no answer'
  return asked === null ? valueWords(value) : 'ok'
}

export const valueWords = (value: Json): string =>
  value === null ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value)
