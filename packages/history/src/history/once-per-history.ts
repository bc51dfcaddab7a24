import type { History } from './history.ts'

/** Caches a function of a history. Histories never change. */
export function oncePerHistory<Value>(compute: (history: History) => Value): (history: History) => Value {
  const cache = new WeakMap<History, { readonly of: Value }>()
  return (history) => {
    const known = cache.get(history)
    if (known !== undefined) return known.of
    const of = compute(history)
    cache.set(history, { of })
    return of
  }
}

interface Found<Key, Value> {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): unknown
}

/** The value of a key. If there is none, makes it and keeps it. */
export function foundOrMade<Key, Value>(values: Found<Key, Value>, key: Key, make: () => NoInfer<Value>): Value {
  const found = values.get(key)
  if (found !== undefined) return found
  const made = make()
  values.set(key, made)
  return made
}
