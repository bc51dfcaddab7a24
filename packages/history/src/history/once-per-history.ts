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
