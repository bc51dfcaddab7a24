import { type Completion, canonical, type Input, type Json } from '@chaos/history'

/** The key-value object itself: what one copy of it holds. A key that is absent has the value null. */
export type Values = Map<string, Json>

/** Carries an input out on one copy, at once. */
export function applyInput(values: Values, input: Input): Completion {
  const { f, key = '', value } = input
  switch (f) {
    case 'read':
      return { type: 'ok', value: values.get(key) ?? null }
    case 'write':
      values.set(key, value)
      return { type: 'ok', value }
    case 'cas': {
      const pair = pairOf(value)
      if (pair === undefined) return unsupported
      if (!sameValue(values.get(key) ?? null, pair.old)) return mismatch
      values.set(key, pair.new)
      return { type: 'ok', value }
    }
    default:
      return unsupported
  }
}

/** What a `cas` expects, and what it writes; undefined where its value is no pair. */
export const pairOf = (value: Json): { readonly old: Json; readonly new: Json } | undefined =>
  Array.isArray(value) && value.length === 2 ? { old: value[0], new: value[1] } : undefined

/** A `cas` found another value. */
export const mismatch: Completion = { type: 'fail', error: 'mismatch' }
/** This node cannot serve the request now, and nothing was done. */
export const unavailable: Completion = { type: 'fail', error: 'unavailable' }
/** The object has no such function, or it takes other values. */
export const unsupported: Completion = { type: 'fail', error: 'unsupported' }

export function sameValue(one: Json, other: Json): boolean {
  if (one === other) return true
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object') return false
  return canonical(one) === canonical(other)
}
